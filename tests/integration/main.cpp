// Tests of the real binary as a child process, against the stand-in for AWS.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
