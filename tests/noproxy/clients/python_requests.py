"""Ask for each URL of the command line with requests, as the environment says."""

import sys

import requests

for url in sys.argv[1:]:
    try:
        print(url, requests.get(url, timeout=5).status_code)
    except requests.RequestException as error:
        print(url, error)
