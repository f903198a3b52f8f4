#include "agent/lambda/lambda_start.h"

namespace sma {

std::optional<LambdaStart> lambda_start(const Environment& environment) {
  const auto api = environment.get("AWS_LAMBDA_RUNTIME_API");
  if (!api) return std::nullopt;
  return LambdaStart{std::string(*api), environment.get_or("AWS_LAMBDA_INITIALIZATION_TYPE", "") == "snap-start"};
}

}  // namespace sma
