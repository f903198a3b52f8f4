#include "base/json_writer.h"

#include <cstring>

#include "base/json_text.h"

namespace sma {
namespace {

class GrowingJson final : public JsonWriter {
 public:
  WipedBytes written;

 private:
  void put(std::string_view json) override { written.append(json); }
  void put_string(std::string_view text) override { append_json_string(written, text); }
};

class CountedJson final : public JsonWriter {
 public:
  std::size_t size = 0;

 private:
  void put(std::string_view json) override { size += json.size(); }
  void put_string(std::string_view text) override { size += json_string_size(text); }
};

class FillingJson final : public JsonWriter {
 public:
  explicit FillingJson(char* target) : target_(target) {}

 private:
  void put(std::string_view json) override {
    std::memcpy(target_, json.data(), json.size());
    target_ += json.size();
  }
  void put_string(std::string_view text) override { target_ = write_json_string(target_, text); }

  char* target_;
};

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  string(name);
  put(":");
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  put_string(text);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  put(json);
  return *this;
}

JsonWriter& JsonWriter::begin(std::string_view bracket) {
  separate();
  put(bracket);
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end(std::string_view bracket) {
  put(bracket);
  needs_comma_ = true;
  return *this;
}

void JsonWriter::separate() {
  if (needs_comma_) put(",");
  needs_comma_ = true;
}

WipedBytes wiped_json(const std::function<void(JsonWriter&)>& write) {
  GrowingJson json;
  write(json);
  return std::move(json.written);
}

SharedBytes shared_json(const std::function<void(JsonWriter&)>& write) {
  CountedJson counted;
  write(counted);
  SharedBytes bytes = SharedBytes::of_size(counted.size);
  FillingJson json(bytes.fill());
  write(json);
  return bytes;
}

}  // namespace sma
