"""Succeeds if the URL's host is this machine: loopback.py URL"""

import ipaddress
import sys
import urllib.parse


def is_loopback(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_loopback(sys.argv[1]) else 1)
