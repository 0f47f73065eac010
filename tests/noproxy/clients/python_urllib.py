"""Ask for each URL of the command line with urllib, as the environment says."""

import http.client
import sys
import urllib.request

for url in sys.argv[1:]:
    try:
        print(url, urllib.request.urlopen(url, timeout=5).status)
    except (OSError, http.client.HTTPException) as error:
        print(url, error)
