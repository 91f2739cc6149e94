// SPDX-License-Identifier: Apache-2.0
#include "storage/base/json.h"

#include <fmt/format.h>

// RapidJSON then looks at sixteen bytes of a text at once: past its end too, but never past its
// page. The sanitizers object to that.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OUTRIDER_NARROW_READS
#endif
#endif
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(OUTRIDER_NARROW_READS)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ranges>

#include "storage/base/byte_words.h"
#include "storage/base/json_reader.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxDepth = 64;

// Builds the tree from RapidJSON's events; `stack_` holds the open arrays and objects.
class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  explicit TreeBuilder(size_t max_values) : left_(max_values) {}
  bool exhausted() const { return left_ == 0; }
  JsonValue Take() { return std::move(root_); }

  bool Null() { return Add({}); }
  bool Bool(bool value) {
    JsonValue v;
    v.kind = JsonValue::Kind::kBool;
    v.boolean = value;
    return Add(std::move(v));
  }
  // Numbers come as text (kParseNumbersAsStringsFlag): RapidJSON 1.1's own full-precision
  // conversion reads out of bounds on long fractions with small exponents (0.000…1 with some 350
  // zeros).
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    JsonValue v;
    v.kind = JsonValue::Kind::kNumber;
    const auto [end, error] = std::from_chars(text, text + size, v.integer);
    v.is_integer = error == std::errc() && end == text + size;
    if (v.is_integer) {
      v.number = static_cast<double>(v.integer);
      return Add(std::move(v));
    }
    const auto number = ParseDouble(std::string_view(text, size));
    if (!number.ok()) return false;
    v.number = *number;
    v.integer = 0;
    return Add(std::move(v));
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    JsonValue v;
    v.kind = JsonValue::Kind::kString;
    v.string.assign(text, size);
    return Add(std::move(v));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (!Spend()) return false;
    keys_.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return Open(JsonValue::Kind::kObject); }
  bool StartArray() { return Open(JsonValue::Kind::kArray); }
  bool EndObject(rapidjson::SizeType /*count*/) { return Close(); }
  bool EndArray(rapidjson::SizeType /*count*/) { return Close(); }

 private:
  bool Open(JsonValue::Kind kind) {
    if (stack_.size() >= kMaxDepth || !Spend()) return false;
    stack_.emplace_back();
    stack_.back().kind = kind;
    return true;
  }
  bool Close() {
    JsonValue done = std::move(stack_.back());
    stack_.pop_back();
    return Place(std::move(done));
  }
  bool Spend() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  bool Add(JsonValue value) { return Spend() && Place(std::move(value)); }
  bool Place(JsonValue value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (stack_.back().kind == JsonValue::Kind::kArray) {
      stack_.back().items.push_back(std::move(value));
    } else {
      stack_.back().members.push_back({std::move(keys_.back()), std::move(value)});
      keys_.pop_back();
    }
    return true;
  }

  size_t left_;
  JsonValue root_;
  std::vector<JsonValue> stack_;
  std::vector<std::string> keys_;
};

// Passes RapidJSON's events on.
class EventBridge : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, EventBridge> {
 public:
  explicit EventBridge(JsonEvents& events) : events_(events) {}
  bool too_deep() const { return depth_ > kMaxDepth; }

  bool Null() { return events_.OnScalar(JsonValue::Kind::kNull); }
  bool Bool(bool /*value*/) { return events_.OnScalar(JsonValue::Kind::kBool); }
  bool Int(int /*value*/) { return Number(); }
  bool Uint(unsigned /*value*/) { return Number(); }
  bool Int64(int64_t /*value*/) { return Number(); }
  bool Uint64(uint64_t /*value*/) { return Number(); }
  bool Double(double /*value*/) { return Number(); }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return events_.OnString({text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return events_.OnKey({text, size});
  }
  bool StartObject() { return Open(JsonValue::Kind::kObject); }
  bool StartArray() { return Open(JsonValue::Kind::kArray); }
  bool EndObject(rapidjson::SizeType /*count*/) { return Close(); }
  bool EndArray(rapidjson::SizeType /*count*/) { return Close(); }

 private:
  bool Number() { return events_.OnScalar(JsonValue::Kind::kNumber); }
  bool Open(JsonValue::Kind kind) { return ++depth_ <= kMaxDepth && events_.OnOpen(kind); }
  bool Close() {
    --depth_;
    return events_.OnClose();
  }

  JsonEvents& events_;
  size_t depth_ = 0;
};

Status SyntaxError(const rapidjson::ParseResult& result, bool too_deep) {
  return InvalidArgument(
      fmt::format("invalid JSON at offset {}: {}", result.Offset(),
                  too_deep ? "nested too deeply" : rapidjson::GetParseError_En(result.Code())));
}

}  // namespace

const JsonValue* JsonValue::Find(std::string_view key) const {
  for (const auto& [name, value] : std::views::reverse(members)) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string JsonValue::GetString(std::string_view key, std::string_view fallback) const {
  const JsonValue* value = Find(key);
  return value != nullptr && value->kind == Kind::kString ? value->string : std::string(fallback);
}

int64_t JsonValue::GetInt(std::string_view key, int64_t fallback) const {
  const JsonValue* value = Find(key);
  return value != nullptr && value->is_integer ? value->integer : fallback;
}

double JsonValue::GetNumber(std::string_view key, double fallback) const {
  const JsonValue* value = Find(key);
  return value != nullptr && value->kind == Kind::kNumber ? value->number : fallback;
}

bool JsonValue::GetBool(std::string_view key, bool fallback) const {
  const JsonValue* value = Find(key);
  return value != nullptr && value->kind == Kind::kBool ? value->boolean : fallback;
}

StatusOr<JsonValue> ParseJson(std::string_view text) { return ParseJsonWithin(text, SIZE_MAX); }

StatusOr<JsonValue> ParseJsonWithin(std::string_view text, size_t max_values) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  TreeBuilder builder(max_values);
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseIterativeFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.IsError()) {
    const bool stopped = result.Code() == rapidjson::kParseErrorTermination;
    if (stopped && builder.exhausted()) {
      return absl::ResourceExhaustedError(
          fmt::format("the JSON holds more than {} values", max_values));
    }
    return SyntaxError(result, stopped);
  }
  return builder.Take();
}

namespace {

bool IsAscii(std::string_view text) {
  uint64_t seen = 0;
  for (; text.size() >= sizeof(seen); text.remove_prefix(sizeof(seen))) {
    seen |= LoadWord(text.data());
  }
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return BytesBeyondAscii(seen) == 0;
}

}  // namespace

Status ReadJson(std::string* text, JsonEvents& events) {
  // Most bodies have no byte whose encoding could be wrong.
  const bool ascii = IsAscii(*text);
  const size_t size = text->size();
  // Behind the first byte of a character the parser takes up to three more without a look for the
  // end, and puts them back.
  if (!ascii) text->append(3, '\0');
  rapidjson::InsituStringStream stream(text->data());
  rapidjson::Reader reader;
  EventBridge bridge(events);
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
  const rapidjson::ParseResult result =
      ascii ? reader.Parse<kFlags>(stream, bridge)
            : reader.Parse < kFlags | rapidjson::kParseValidateEncodingFlag > (stream, bridge);
  text->resize(size);
  if (result.IsError()) {
    const bool stopped = result.Code() == rapidjson::kParseErrorTermination;
    if (stopped && !bridge.too_deep()) return absl::CancelledError("stopped");
    return SyntaxError(result, stopped);
  }
  // To the parser a zero byte is the end.
  if (stream.Tell() != size) {
    return InvalidArgument(fmt::format("invalid JSON at offset {}: a zero byte", stream.Tell()));
  }
  return absl::OkStatus();
}

void JsonWriter::Separate() {
  if (need_comma_) *out_ += ',';
  need_comma_ = true;
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  *out_ += bracket;
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  *out_ += bracket;
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  Quoted(key);
  *out_ += ':';
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  Quoted(value);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  Separate();
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out_->append(buffer, result.ptr);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  char buffer[40];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out_->append(buffer, result.ptr);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  *out_ += json;
  return *this;
}

namespace {

// Bytes that a text may not bear as they are, and those that one for a page may not.
constexpr uint8_t kEscaped = 1;
constexpr uint8_t kEscapedForPages = 2;
constexpr std::array<uint8_t, 256> kEscapes = [] {
  std::array<uint8_t, 256> kinds{};
  for (size_t c = 0; c < 0x20; ++c) kinds[c] = kEscaped;
  kinds['"'] = kinds['\\'] = kEscaped;
  kinds['<'] = kinds['>'] = kinds['&'] = kEscapedForPages;
  kinds[0xe2] = kEscapedForPages;  // may begin a line or paragraph separator
  return kinds;
}();

// How many bytes at the begin need no escape for sure: eight at a time.
size_t PlainBytes(std::string_view text, bool html) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    const uint64_t word = LoadWord(text.data() + at);
    uint64_t found = BytesBelowBlank(word);
    found |= ZeroBytes(word ^ EachByte('"')) | ZeroBytes(word ^ EachByte('\\'));
    if (html) {
      found |= ZeroBytes((word | EachByte(2)) ^ EachByte('>'));  // and <
      found |= ZeroBytes(word ^ EachByte('&')) | ZeroBytes(word ^ EachByte(0xe2));
    }
    if (found != 0) break;
  }
  return at;
}

}  // namespace

void JsonWriter::Quoted(std::string_view text) {
  *out_ += '"';
  size_t plain = 0;
  const uint8_t wanted = html_ ? kEscaped | kEscapedForPages : kEscaped;
  for (size_t i = PlainBytes(text, html_); i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((kEscapes[c] & wanted) == 0) continue;
    const bool separator = c == 0xe2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                           (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
    if (c == 0xe2 && !separator) continue;
    out_->append(text.substr(plain, i - plain));
    switch (c) {
      case '"':
        *out_ += "\\\"";
        break;
      case '\\':
        *out_ += "\\\\";
        break;
      case '\n':
        *out_ += "\\n";
        break;
      case '\r':
        *out_ += "\\r";
        break;
      case '\t':
        *out_ += "\\t";
        break;
      default:
        if (separator) {
          *out_ += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          *out_ += fmt::format("\\u{:04x}", c);
        }
    }
    plain = i + 1;
  }
  out_->append(text.substr(plain));
  *out_ += '"';
}

}  // namespace outrider
