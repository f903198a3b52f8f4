#pragma once

#include <optional>
#include <string>

#include "tests/integration/support/agent_process.h"
#include "tests/standin/standin.h"

namespace sma::integration {

/// An agent whose AWS is a stand-in of its own: what most tests need.
///
///   AgentWithAws scene;                    // or scene(Variables{{"SMA_TTL_SECONDS", "0"}})
///   scene.aws.put("name", "value");
///   CHECK(scene.agent().get_secret("name").status == 200);
class AgentWithAws {
 public:
  explicit AgentWithAws(Variables variables = {}, AgentSettings settings = {}, standin::StandinOptions options = {});
  ~AgentWithAws();

  /// Started at the first call.
  AgentProcess& agent();
  /// Ends it and looks through what it wrote; the exit code.
  int stop();

  standin::Standin aws;

 private:
  AgentSettings settings_;
  std::optional<AgentProcess> agent_;
};

/// The value of one member of a JSON object, as text; empty where there is none.
[[nodiscard]] std::string member(const std::string& json, const std::string& name);

}  // namespace sma::integration
