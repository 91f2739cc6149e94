// SPDX-License-Identifier: Apache-2.0
// JSON in and out. The parser is RapidJSON's (json.cc is its only includer); the writer appends
// straight to a string with the escapes Go's encoding/json uses, so that payloads can be compared
// byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

// A parsed value. Objects keep their order and their duplicate keys (Find returns the last).
class JsonValue {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  struct Member;  // a key and its value: first, second

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  int64_t integer = 0;  // exact when the text was an integer that fits
  bool is_integer = false;
  std::string string;
  std::vector<JsonValue> items;  // arrays
  std::vector<Member> members;   // objects

  bool IsNull() const { return kind == Kind::kNull; }
  const JsonValue* Find(std::string_view key) const;
  // The member's text, or `fallback` when absent or of another kind.
  std::string GetString(std::string_view key, std::string_view fallback = "") const;
  int64_t GetInt(std::string_view key, int64_t fallback = 0) const;
  double GetNumber(std::string_view key, double fallback = 0) const;
  bool GetBool(std::string_view key, bool fallback = false) const;
};

struct JsonValue::Member {
  std::string first;
  JsonValue second;
};

// Nesting deeper than 64 is refused. The error names the offset.
StatusOr<JsonValue> ParseJson(std::string_view text);

// Appends JSON to `*out`; puts commas itself. Not checked: the caller nests properly.
class JsonWriter {
 public:
  enum class Escape { kMinimal, kGoHtml };  // kGoHtml writes < > & as \u003c \u003e \u0026
  explicit JsonWriter(std::string* out, Escape escape = Escape::kMinimal)
      : out_(out), html_(escape == Escape::kGoHtml) {}

  JsonWriter& StartObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& StartArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);  // shortest; NaN and infinities as null
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Raw(std::string_view json);  // one ready value

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();
  void Quoted(std::string_view text);

  std::string* out_;
  bool html_;
  bool need_comma_ = false;
};

}  // namespace outrider
