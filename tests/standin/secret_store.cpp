#include "tests/standin/secret_store.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "tests/standin/encoding.h"

namespace sma::standin {

namespace {

bool holds(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

std::string repeated(const std::string& unit, std::size_t size) {
  std::string out;
  while (out.size() < size) out += unit;
  out.resize(size);
  return out;
}

/// `text#3` becomes `text#4`, `text` becomes `text#1`.
std::string next_value(const std::string& value) {
  const std::size_t mark = value.rfind('#');
  const std::string digits = mark == std::string::npos ? "" : value.substr(mark + 1);
  const bool counted = !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
  return counted ? value.substr(0, mark + 1) + std::to_string(std::stoull(digits) + 1) : value + "#1";
}

void read_value(const Json& json, SecretVersion& version) {
  if (json.has("binary")) version.binary = base64_decode(json["binary"].text_or(""));
  if (json.has("string")) {
    const auto size = static_cast<std::size_t>(json["size"].number_or(0));
    const std::string text = json["string"].text_or("");
    version.text = size > 0 && !text.empty() ? repeated(text, size) : text;
  }
}

}  // namespace

std::string scientific_date(double seconds) {
  std::array<char, 40> digits{};
  std::snprintf(digits.data(), digits.size(), "%.12e", seconds);
  const std::string text = digits.data();
  const std::size_t mark = text.find('e');
  std::string mantissa = text.substr(0, mark);
  while (mantissa.ends_with('0') && !mantissa.ends_with(".0")) mantissa.pop_back();
  return mantissa + 'E' + std::to_string(std::stoi(text.substr(mark + 1)));
}

const SecretVersion* StoredSecret::version(std::string_view id) const {
  for (const SecretVersion& version : versions) {
    if (version.id == id) return &version;
  }
  return nullptr;
}

const SecretVersion* StoredSecret::staged(std::string_view stage) const {
  for (const SecretVersion& version : versions) {
    if (holds(version.stages, stage)) return &version;
  }
  return nullptr;
}

StoredSecret& SecretStore::find_or_make(const std::string& name) {
  StoredSecret& secret = secrets_[name];
  if (secret.name.empty()) {
    secret.name = name;
    // Six characters that depend on the name alone, so that tests can name ARNs.
    const std::string suffix = base64_encode(sha256(name)).substr(0, 12);
    std::string six;
    for (const char c : suffix) {
      if (c != '+' && c != '/' && six.size() < 6) six += c;
    }
    secret.arn = "arn:aws:secretsmanager:" + region + ':' + account + ":secret:" + name + '-' + six;
  }
  return secret;
}

SecretVersion& SecretStore::add_current(StoredSecret& secret, std::string version_id, double now) {
  for (SecretVersion& version : secret.versions) {
    const bool was_current = holds(version.stages, "AWSCURRENT");
    std::erase_if(version.stages, [](const auto& stage) { return stage == "AWSCURRENT" || stage == "AWSPREVIOUS"; });
    if (was_current) version.stages.emplace_back("AWSPREVIOUS");
  }
  SecretVersion version;
  version.id = version_id.empty() ? random_uuid() : std::move(version_id);
  version.stages = {"AWSCURRENT"};
  version.created = scientific_date(std::floor(now * 1000) / 1000);
  return secret.versions.emplace_back(std::move(version));
}

std::string SecretStore::put(const std::string& name, std::string text, double now, std::string version_id) {
  SecretVersion& version = add_current(find_or_make(name), std::move(version_id), now);
  version.text = std::move(text);
  return version.id;
}

std::string SecretStore::put_binary(const std::string& name, std::string bytes, double now, std::string version_id) {
  SecretVersion& version = add_current(find_or_make(name), std::move(version_id), now);
  version.binary = std::move(bytes);
  return version.id;
}

std::string SecretStore::rotate(const std::string& name, double now) {
  StoredSecret* secret = find(name);
  if (!secret) throw std::runtime_error("no such secret: " + name);
  const SecretVersion* current = secret->staged("AWSCURRENT");
  if (current && current->binary) return put_binary(secret->name, next_value(*current->binary), now);
  return put(secret->name, next_value(current && current->text ? *current->text : ""), now);
}

void SecretStore::rotate_all(double now) {
  for (auto& [name, secret] : secrets_) {
    rotate(name, now);
    // A long run with a rotation a second would otherwise grow without end.
    std::erase_if(secret.versions, [](const SecretVersion& version) { return version.stages.empty(); });
  }
}

StoredSecret* SecretStore::find(std::string_view secret_id) {
  const auto found = secrets_.find(std::string(secret_id));
  if (found != secrets_.end()) return &found->second;
  if (!secret_id.starts_with("arn:")) return nullptr;
  for (auto& [name, secret] : secrets_) {
    const std::string_view partial = std::string_view(secret.arn).substr(0, secret.arn.size() - 7);
    if (secret.arn == secret_id || partial == secret_id) return &secret;
  }
  return nullptr;
}

void SecretStore::load_one(const Json& json, double now) {
  const std::string name = json["name"].text_or("");
  if (name.empty()) throw std::runtime_error("a secret without a name");
  StoredSecret& secret = find_or_make(name);
  secret.deleted = json["deleted"].bool_or(false);
  secret.ascii = json["ascii"].bool_or(false);
  for (const std::string& operation : json["denied"].strings()) secret.denied.insert(operation);
  for (const std::string& principal : json["principals"].strings()) secret.principals.insert(principal);
  for (const auto& [key, value] : json["tags"].members()) secret.tags[key] = value.text_or("");
  if (!json.has("versions")) {
    SecretVersion& version = add_current(secret, json["version"].text_or(""), now);
    read_value(json, version);
    version.created = json["created"].text_or(version.created);
  }
  for (const Json& item : json["versions"].items()) {
    SecretVersion version;
    version.id = item["id"].text_or(random_uuid());
    version.stages = item["stages"].strings();
    version.created = item["created"].text_or(scientific_date(now));
    read_value(item, version);
    secret.versions.push_back(std::move(version));
  }
}

void SecretStore::load(std::string_view json_text, double now) {
  const auto json = Json::parse(json_text);
  if (!json || !json->is_object()) throw std::runtime_error("the secrets are not a JSON object");
  account = (*json)["account"].text_or(account);
  region = (*json)["region"].text_or(region);
  for (const Json& item : (*json)["secrets"].items()) load_one(item, now);
}

}  // namespace sma::standin
