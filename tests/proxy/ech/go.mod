module proxy/ech

go 1.24
