#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What Claude Code asks for its key (apiKeyHelper). The real one is in the gateway.
echo sk-ant-placeholder-key-for-credential-isolation
