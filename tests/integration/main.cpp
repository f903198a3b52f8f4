// Tests of the real binary as a child process, against the stand-in for AWS.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/integration/support/refused_calls.h"

int main(int argc, char** argv) {
  if (const auto exit_code = sma::integration::run_as_wrapper(argc, argv)) return *exit_code;
  return doctest::Context(argc, argv).run();
}
