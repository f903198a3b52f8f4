#pragma once

#include <optional>
#include <string>

#include "base/environment.h"

namespace sma {

/// How Lambda starts this process as an extension.
struct LambdaStart {
  std::string api;  ///< host and port of the Extensions API
  bool snap_start = false;
};

/// None if the environment is not Lambda's: `AWS_LAMBDA_RUNTIME_API` is not set. Source: AWS Lambda Developer Guide,
/// "Defined runtime environment variables".
[[nodiscard]] std::optional<LambdaStart> lambda_start(const Environment& environment);

}  // namespace sma
