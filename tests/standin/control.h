#pragma once

#include "tests/standin/http.h"

namespace sma::standin {

class Standin;

/// The stand-in's own requests under `/_standin/`, for tests and demonstrations that run it as a program
/// (README.md, "From outside"). They are neither recorded nor disturbed by faults.
[[nodiscard]] HttpAnswer answer_control(Standin& standin, const HttpRequest& request);

}  // namespace sma::standin
