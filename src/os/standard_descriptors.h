#pragma once

namespace sma {

/// The first thing in the process: if it was started with standard input, output or error closed, /dev/null takes their
/// place. Otherwise the next socket would, and what is printed would be sent to its other end. /dev/null is opened for
/// reading only: a program that prints into it still learns that nobody gets the text.
void open_standard_descriptors();

}  // namespace sma
