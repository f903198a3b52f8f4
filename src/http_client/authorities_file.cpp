#include "http_client/authorities_file.h"

namespace sma {
namespace {

// A name does not grow without end. What curl kept under a name of so many changes ago is gone by then.
constexpr std::size_t kLongest = 100;

}  // namespace

const std::string& AuthoritiesFile::name() {
  const auto facts = path_.empty() ? std::nullopt : files_.facts(path_);
  if (!facts || facts == facts_) return name_;
  if (facts_) {
    if (name_.size() > path_.size() + kLongest) name_ = path_;
    name_.insert(0, path_.starts_with('/') ? "/." : "./");
  }
  facts_ = facts;
  return name_;
}

}  // namespace sma
