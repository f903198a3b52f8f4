#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// What the shared `config` and `credentials` files say. Values may be secret keys: they are views into the files' own
/// text, which this object holds and wipes. Pure: given texts, no files.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"; comments, continuation lines and
/// the order of merging as the Rust SDK has them:
///   - `#` or `;` at the start of a line, or after white space, begins a comment (after a section's name anywhere);
///   - an indented line continues the value above it; under a key without a value it is a key of its own (`services`);
///   - `[profile default]` takes the place of `[default]`; in the credentials file names have no `profile`;
///   - of equal keys the last wins; the credentials file wins over the config file, key by key.
class Profiles {
 public:
  /// A text and the name its faults give it. A line that cannot be read is a fault that names file and line, never what
  /// the line says.
  struct File {
    std::string name;
    WipedBytes text;
  };
  [[nodiscard]] static Result<Profiles> parse(File config, File credentials);

  [[nodiscard]] bool has_profile(std::string_view profile) const { return profiles_.find(profile) != profiles_.end(); }
  /// An empty value counts as none. Keys are lower case.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view profile, std::string_view key) const;

  [[nodiscard]] bool has_sso_session(std::string_view session) const {
    return sso_sessions_.find(session) != sso_sessions_.end();
  }
  [[nodiscard]] std::optional<std::string_view> sso_session(std::string_view session, std::string_view key) const;

  /// `[services NAME]`, `SERVICE =`, `  KEY = VALUE`.
  [[nodiscard]] std::optional<std::string_view> services(std::string_view name, std::string_view service,
                                                         std::string_view key) const;

  /// What was ignored, one sentence each, for the log.
  [[nodiscard]] const std::vector<std::string>& ignored() const { return ignored_; }

 private:
  using Keys = std::map<std::string_view, std::string_view, std::less<>>;
  using Sections = std::map<std::string, Keys, std::less<>>;
  enum class Kind { config, credentials };

  std::optional<Fault> read(const File& file, Sections& sections);
  void merge(const Sections& sections, Kind kind);
  void merge_section(const std::string& header, const Keys& keys, Kind kind);
  void merge_keys(Keys& target, const std::string& header, const Keys& keys);

  WipedBytes config_text_;
  WipedBytes credentials_text_;
  Sections profiles_;
  Sections sso_sessions_;
  Sections services_;
  std::vector<std::string> ignored_;
};

}  // namespace sma
