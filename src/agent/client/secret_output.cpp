#include "agent/client/secret_output.h"

#include <rapidjson/reader.h>
#include <rapidjson/writer.h>

#include <array>
#include <optional>

namespace sma {
namespace {

/// Where rapidjson writes to.
struct WipedStream {
  using Ch = char;
  void Put(char c) { bytes.push_back(c); }
  void Flush() {}
  WipedBytes bytes;
};

/// Catches the value of one top-level field while the text is read.
class FieldCatcher : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, FieldCatcher> {
 public:
  explicit FieldCatcher(std::string_view field) : field_(field), writer_(stream_) {}

  bool Null() {
    return value([&] { return writer_.Null(); });
  }
  bool Bool(bool flag) {
    return value([&] { return writer_.Bool(flag); });
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return value([&] { return writer_.RawValue(text, size, rapidjson::kNumberType); });
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (caught_here()) {
      stream_.bytes.append({text, size});
      return end_of_value();
    }
    return value([&] { return writer_.String(text, size); });
  }
  bool StartObject() {
    return open([&] { return writer_.StartObject(); });
  }
  bool StartArray() {
    return open([&] { return writer_.StartArray(); });
  }
  bool EndObject(rapidjson::SizeType) {
    return close([&] { return writer_.EndObject(); });
  }
  bool EndArray(rapidjson::SizeType) {
    return close([&] { return writer_.EndArray(); });
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) {
      catching_ = std::string_view(text, size) == field_;
      if (catching_) {  // of a field given twice the last counts
        stream_.bytes.clear();
        writer_.Reset(stream_);
        found_ = true;
      }
      return true;
    }
    return !catching_ || writer_.Key(text, size);
  }

  [[nodiscard]] bool found() const { return found_ && is_object_; }
  [[nodiscard]] WipedBytes take() { return std::move(stream_.bytes); }

 private:
  [[nodiscard]] bool caught_here() const { return catching_ && depth_ == 1; }
  bool end_of_value() {
    if (depth_ == 1) catching_ = false;
    return true;
  }
  template <typename Write>
  bool value(Write write) {
    if (depth_ == 0) return true;
    if (catching_ && !write()) return false;
    return end_of_value();
  }
  template <typename Write>
  bool open(Write write) {
    if (depth_ == 0) is_object_ = true;
    const bool done = !catching_ || write();
    ++depth_;
    return done;
  }
  template <typename Write>
  bool close(Write write) {
    --depth_;
    if (catching_ && depth_ >= 1 && !write()) return false;
    return depth_ == 0 || end_of_value();
  }

  std::string_view field_;
  WipedStream stream_;
  rapidjson::Writer<WipedStream> writer_;
  int depth_ = 0;
  bool is_object_ = false;
  bool catching_ = false;
  bool found_ = false;
};

std::optional<WipedBytes> catch_field(std::string_view text, std::string_view field) {
  WipedBytes copy(text);
  copy.push_back('\0');
  rapidjson::InsituStringStream stream(copy.data());
  rapidjson::Reader reader;
  FieldCatcher catcher(field);
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  if (reader.Parse<kFlags>(stream, catcher).IsError() || !catcher.found()) return std::nullopt;
  return catcher.take();
}

std::optional<WipedBytes> base64_decoded(std::string_view text) {
  const auto sextet = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
  };
  WipedBytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = sextet(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6U | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU));
    }
  }
  return bytes;
}

}  // namespace

Result<WipedBytes> secret_bytes(std::string_view answer) {
  if (auto text = catch_field(answer, "SecretString")) return std::move(*text);
  if (const auto encoded = catch_field(answer, "SecretBinary"))
    if (auto bytes = base64_decoded(encoded->view())) return std::move(*bytes);
  return Fault::internal("the answer holds no secret");
}

Result<WipedBytes> secret_field(std::string_view secret, std::string_view field) {
  if (auto value = catch_field(secret, field)) return std::move(*value);
  return Fault::internal("the secret is no JSON object with a field " + std::string(field));
}

}  // namespace sma
