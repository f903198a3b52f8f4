#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace sma {

/// The arguments of `exec`. References are as written.
struct ExecRequest {
  /// `--env NAME=REF`
  struct Variable {
    std::string name;
    std::string reference;
  };
  /// `--env-json REF --prefix P`
  struct Fields {
    std::string reference;
    std::string prefix{};
  };

  Seconds wait{30};
  std::vector<Variable> variables{};
  std::vector<Fields> fields{};
  bool clean = false;
  std::vector<std::string> command{};  ///< with its arguments; not empty
};

}  // namespace sma
