// SPDX-License-Identifier: Apache-2.0
// JSON as programs send it in masses: ASCII, and nothing but objects, arrays and texts. It is read
// as ReadJson (json_reader.h) reads it, in a third of the time; whatever else there is in it, or
// wrong with it, is left to that one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/byte_words.h"
#include "storage/base/json.h"

namespace outrider {

template <typename Events>
class PlainJsonReader {
 public:
  // `*unescaped` keeps the texts that had escapes; the views of all others are into `text`. Both
  // have to outlive what is made of them.
  PlainJsonReader(std::string_view text, std::string* unescaped, Events& events)
      : at_(text.data()),
        end_(text.data() + text.size()),
        unescaped_(*unescaped),
        room_(text.size()),
        events_(events) {}

  // As JsonEvents. False: it is not plain, or not JSON; `events` has seen the beginning.
  bool Read() {
    SkipSpace();
    while (Value()) {
      for (;;) {  // what follows a value
        SkipSpace();
        if (depth_ == 0) return at_ == end_;
        const char c = Next();
        if (c == ',') break;
        if (c != (InObject() ? '}' : ']')) return false;
        Leave();
      }
      SkipSpace();
      if (InObject() && !Key()) return false;
    }
    return false;
  }

 private:
  static constexpr int kDeepest = 16;
  static constexpr size_t kFewestBytes = 64;  // so that a text keeps its place when it is moved

  char Peek() const { return at_ == end_ ? '\0' : *at_; }
  char Next() { return at_ == end_ ? '\0' : *at_++; }
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool InObject() const { return (objects_ & 1) != 0; }
  bool Enter(bool object) {
    if (++depth_ > kDeepest) return false;
    objects_ = objects_ << 1 | (object ? 1 : 0);
    return events_.OnOpen(object ? JsonValue::Kind::kObject : JsonValue::Kind::kArray);
  }
  void Leave() {
    --depth_;
    objects_ >>= 1;
    events_.OnClose();
  }
  // A text, or all up to the first text that is a value, or an empty object or array.
  bool Value() {
    for (;;) {
      const char c = Next();
      if (c == '"') {
        std::string_view text;
        return Text(&text) && events_.OnString(text);
      }
      if ((c != '{' && c != '[') || !Enter(c == '{')) return false;
      SkipSpace();
      if (Peek() == (c == '{' ? '}' : ']')) {
        ++at_;
        Leave();
        return true;
      }
      if (c == '{' && !Key()) return false;
    }
  }
  bool Key() {
    std::string_view key;
    if (Next() != '"' || !Text(&key) || !events_.OnKey(key)) return false;
    SkipSpace();
    if (Next() != ':') return false;
    SkipSpace();
    return true;
  }
  // Behind its quote.
  bool Text(std::string_view* text) {
    const char* const begin = at_;
    at_ = EndOfPlain(at_);
    if (Peek() == '\\') return EscapedText(begin, text);
    *text = {begin, static_cast<size_t>(at_ - begin)};
    return Next() == '"';
  }
  // `at_` is at the first escape of the text.
  bool EscapedText(const char* begin, std::string_view* text) {
    // No longer than where it comes from, so that it is never moved.
    if (unescaped_.empty()) unescaped_.reserve(std::max(room_, kFewestBytes));
    const size_t from = unescaped_.size();
    for (;;) {
      unescaped_.append(begin, at_);
      const char c = Next();
      if (c == '"') break;
      if (c != '\\' || !Escape()) return false;
      begin = at_;
      at_ = EndOfPlain(at_);
    }
    *text = std::string_view(unescaped_).substr(from);
    return true;
  }
  bool Escape() {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const char name = Next();
    if (name == 'u') return CodePoint();
    const size_t known = name == '\0' ? std::string_view::npos : kNames.find(name);
    if (known == std::string_view::npos) return false;
    unescaped_ += kMeant[known];
    return true;
  }
  // Without halves of pairs.
  bool CodePoint() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Next();
      const char lower = static_cast<char>(c | 0x20);
      const bool letter = lower >= 'a' && lower <= 'f';
      if (!letter && (c < '0' || c > '9')) return false;
      code = code << 4 | static_cast<unsigned>(letter ? lower - 'a' + 10 : c - '0');
    }
    if (code >= 0xd800 && code < 0xe000) return false;
    const auto byte = [&](unsigned bits) { unescaped_ += static_cast<char>(bits); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 | code >> 6);
      byte(0x80 | (code & 0x3f));
    } else {
      byte(0xe0 | code >> 12);
      byte(0x80 | (code >> 6 & 0x3f));
      byte(0x80 | (code & 0x3f));
    }
    return true;
  }
  // The first quote, backslash, control character or byte beyond ASCII; eight bytes at a time.
  const char* EndOfPlain(const char* at) const {
    if constexpr (std::endian::native == std::endian::little) {
      for (; end_ - at >= 8; at += 8) {
        const uint64_t word = LoadWord(at);
        const uint64_t marks = ZeroBytes(word ^ EachByte('"')) | ZeroBytes(word ^ EachByte('\\')) |
                               BytesBelowBlank(word) | BytesBeyondAscii(word);
        if (marks != 0) return at + std::countr_zero(marks) / 8;
      }
    }
    while (at != end_ && static_cast<unsigned char>(*at) >= 0x20 &&
           static_cast<unsigned char>(*at) < 0x80 && *at != '"' && *at != '\\') {
      ++at;
    }
    return at;
  }

  const char* at_;
  const char* const end_;
  std::string& unescaped_;
  const size_t room_;
  Events& events_;
  uint32_t objects_ = 0;  // a bit for each bracket that is open, the innermost lowest; 1: an object
  int depth_ = 0;
};

}  // namespace outrider
