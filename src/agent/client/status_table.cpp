#include "agent/client/status_table.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/json_document.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/whole_number.h"

namespace sma {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLabel = 17;
constexpr std::size_t kIdColumns = 38;
constexpr std::size_t kTimeColumns = 8;
constexpr std::size_t kUsesColumns = 9;

/// As many columns as a terminal takes for it, if each character takes one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string cut(std::string text, std::size_t most) {
  if (columns(text) <= most) return text;
  while (columns(text) > most - 1) text = std::string(utf8_prefix(text, text.size() - 1));
  return text + "~";
}

std::string padded(std::string text, std::size_t width) {
  text = cut(std::move(text), width);
  text.append(width - columns(text), ' ');
  return text;
}

std::string right(std::string text, std::size_t width) {
  text = cut(std::move(text), width);
  return std::string(width - columns(text), ' ') + text;
}

std::string printable(std::string_view text) {
  std::string escaped;
  append_escaped(escaped, text);
  return escaped;
}

std::string text_of(JsonValue value, std::string_view if_none) {
  const auto text = value.string();
  return text ? printable(*text) : std::string(if_none);
}

std::string number_of(JsonValue value) { return printable(value.number().value_or("?")); }

/// `45 s`, `12 min`, `3 h`, `2 d`.
std::string duration(JsonValue value) {
  const auto seconds = whole_number<std::int64_t>(value.number().value_or(""));
  if (!seconds) return "?";
  if (*seconds < 120) return std::to_string(*seconds) + " s";
  if (*seconds < 7200) return std::to_string(*seconds / 60) + " min";
  if (*seconds < 172800) return std::to_string(*seconds / 3600) + " h";
  return std::to_string(*seconds / 86400) + " d";
}

std::string mebibytes(JsonValue value) {
  const auto bytes = whole_number<std::uint64_t>(value.number().value_or(""));
  if (!bytes) return "?";
  const std::uint64_t tenths = *bytes * 10 >> 20U;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

class Table {
 public:
  void line(std::string text) {
    text = cut(std::move(text), kColumns);
    text.erase(text.find_last_not_of(' ') + 1);
    text_ += text + '\n';
  }
  void row(std::string_view label, const std::string& value) { line(padded(std::string(label), kLabel) + value); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string credentials(JsonValue value) {
  if (!value["source"].string()) return "none";
  std::string text = text_of(value["source"], "");
  if (value["expires_in_seconds"].number()) text += ", for another " + duration(value["expires_in_seconds"]);
  return text;
}

std::string listening(JsonValue addresses) {
  std::string text;
  for (const JsonValue address : addresses) text += (text.empty() ? "" : ", ") + text_of(address, "?");
  return text;
}

std::string calls(JsonValue value) {
  std::string text;
  for (const JsonValue count : value)
    text += (text.empty() ? "" : ", ") + number_of(count) + " " + printable(count.key());
  return text;
}

void write_secrets(Table& table, JsonValue secrets) {
  if (secrets.begin() == secrets.end()) return table.line("No secret is cached.");
  table.line(padded("SECRET", kIdColumns) + right("AGE", kTimeColumns) + right("FRESH", kTimeColumns) +
             right("USES", kUsesColumns) + "  LAST ERROR");
  for (const JsonValue secret : secrets) {
    const bool is_fresh = secret["fresh_for_seconds"].number() != "0";
    table.line(padded(text_of(secret["id"], "?"), kIdColumns) + right(duration(secret["age_seconds"]), kTimeColumns) +
               right(is_fresh ? duration(secret["fresh_for_seconds"]) : "expired", kTimeColumns) +
               right(number_of(secret["uses"]), kUsesColumns) + "  " + text_of(secret["last_error"], ""));
    if (secret["role_arn"].string()) table.line("  as " + text_of(secret["role_arn"], ""));
  }
}

/// Nothing if there are none, or if an older agent answered.
void write_files(Table& table, JsonValue files) {
  if (files.begin() == files.end()) return;
  table.line("");
  table.line(padded("FILE", kIdColumns) + right("AGE", kTimeColumns) + "  LAST ERROR");
  for (const JsonValue file : files) {
    const bool is_written = file["age_seconds"].number().has_value();
    table.line(padded(text_of(file["path"], "?"), kIdColumns) +
               right(is_written ? duration(file["age_seconds"]) : "never", kTimeColumns) + "  " +
               text_of(file["last_error"], ""));
  }
}

}  // namespace

std::optional<std::string> status_table(WipedBytes answer) {
  const auto document = JsonDocument::parse(std::move(answer));
  const JsonValue root = document ? document->root() : JsonValue();
  if (root["version"].number() != "1") return std::nullopt;
  Table table;
  table.row("agent", text_of(root["agent"], "?") + ", up for " + duration(root["uptime_seconds"]));
  table.row("listening on", listening(root["listening"]));
  table.row("region", text_of(root["region"], "?"));
  table.row("secrets from", text_of(root["endpoints"]["secretsmanager"], "?"));
  table.row("credentials", credentials(root["credentials"]));
  table.row("identity", text_of(root["credentials"]["identity"], "not known"));
  table.row("connections", number_of(root["connections"]["open"]) + " of " + number_of(root["connections"]["limit"]));
  table.row("calls to AWS", calls(root["aws_calls"]));
  table.row("memory", mebibytes(root["memory"]["anonymous_bytes"]) + ", and " +
                          mebibytes(root["memory"]["file_bytes"]) + " of the program's file");
  table.line("");
  write_secrets(table, root["secrets"]);
  write_files(table, root["files"]);
  return table.take();
}

}  // namespace sma
