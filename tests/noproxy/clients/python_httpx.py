"""Ask for each URL of the command line with httpx, as the environment says."""

import sys

import httpx

for url in sys.argv[1:]:
    try:
        print(url, httpx.get(url, timeout=5).status_code)
    except httpx.HTTPError as error:
        print(url, error)
