#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/clock.h"

namespace sma {

/// One file that the agent writes, as configured.
struct FileSettings {
  std::string path{};           ///< absolute
  std::string secret{};         ///< a reference; empty if there is a template
  std::string key{};            ///< of the reference's secret, in place of a JSON key within the reference
  std::string template_path{};  ///< a text with `{{secret:REF}}`; empty if there is a secret
  mode_t mode = 0440;
  std::optional<gid_t> group{};  ///< none: that of `--token-group`
  std::string role_arn{};        ///< empty: none
  std::optional<Seconds> refresh{};
  std::string place = "SMA_FILES";  ///< where it is configured, for messages: `FILE:LINE`, or the variable
  std::size_t line = 0;             ///< in the file
};

}  // namespace sma
