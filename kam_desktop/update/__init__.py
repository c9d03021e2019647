"""Updates: releases verified under keys kept off the web host, installed beside what runs."""
