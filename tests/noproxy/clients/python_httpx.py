"""Ask for each URL of the command line with httpx, as the environment says."""

import sys

import httpx

# Made before it is asked for anything: this is where it reads the variables.
client = httpx.Client(timeout=5)
for url in sys.argv[1:]:
    try:
        print(url, client.get(url).status_code)
    except httpx.HTTPError as error:
        print(url, error)
