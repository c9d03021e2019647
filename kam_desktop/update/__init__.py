"""Updates: releases verified under keys that are not on the web host, installed beside the running version."""
