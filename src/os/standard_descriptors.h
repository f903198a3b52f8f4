#pragma once

namespace sma {

/// Must be called first in the process. If it was started with standard input, output or error closed, /dev/null takes
/// their place. Otherwise the next socket would, and printed text would go to its other end. /dev/null is opened for
/// reading only, so that a program that prints still learns that its text is lost.
void open_standard_descriptors();

}  // namespace sma
