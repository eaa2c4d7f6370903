"""From the network: releases over SSH, with OpenSSH and rsync."""
