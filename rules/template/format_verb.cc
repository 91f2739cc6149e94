// SPDX-License-Identifier: Apache-2.0
#include "rules/template/format_verb.h"

#include <algorithm>

#include "rules/template/format_spec.h"
#include "rules/template/time_format.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr int kMaxDepth = 64;          // of nested lists and maps
constexpr int kMaxWidth = 10'000;      // wider is refused
constexpr size_t kMaxText = 2U << 20;  // one formatted text stops growing here

class Printer {
 public:
  explicit Printer(std::string* out) : out_(*out) {}

  void Print(const FormatSpec& spec, const Value& value, int depth = 0) {
    if (depth > kMaxDepth || out_.size() > kMaxText) return;
    if (value.IsNil()) {
      if (spec.verb == 'v') {
        out_ += Pad(spec, "<nil>");
      } else {
        BadVerb(spec, value);
      }
      return;
    }
    if (PrintStringer(spec, value)) return;
    if (const List* list = value.AsList()) return PrintList(spec, *list, depth);
    if (const Object* object = value.AsObject()) return PrintObject(spec, *object, depth);
    if (!PrintBasic(spec, value)) BadVerb(spec, value);
  }

  void BadVerb(const FormatSpec& spec, const Value& value) {
    out_ += "%!" + EncodeRune(static_cast<int64_t>(spec.verb)) + "(";
    if (value.IsNil()) {
      out_ += "<nil>";
    } else {
      out_ += TypeName(value) + "=";
      FormatSpec plain = spec;
      plain.verb = 'v';
      Print(plain, value);
    }
    out_ += ")";
  }

 private:
  // A method String() speaks for the value where the verb is one for texts.
  bool PrintStringer(const FormatSpec& spec, const Value& value) {
    if (std::u32string_view(U"vsxXq").find(spec.verb) == std::u32string_view::npos) return false;
    std::string text;
    if (const Time* time = std::get_if<Time>(&value.data())) {
      text = TimeText(*time);
    } else if (const Duration* duration = std::get_if<Duration>(&value.data())) {
      text = DurationText(duration->nanos);
    } else if (const Method* method = value.FindMethod("String")) {
      const StatusOr<Value> result = (*method)({});
      if (!result.ok() || result->AsString() == nullptr) return false;
      text = *result->AsString();
    } else {
      return false;
    }
    return FormatText(spec, text, &out_);
  }

  void PrintList(const FormatSpec& spec, const List& list, int depth) {
    out_ += '[';
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ' ';
      Print(spec, list[i], depth + 1);
    }
    out_ += ']';
  }

  void PrintObject(const FormatSpec& spec, const Object& object, int depth) {
    const bool map = object.kind == Object::Kind::kMap;
    out_ += map ? "map[" : "{";
    for (size_t i = 0; i < object.fields.size(); ++i) {
      if (i > 0) out_ += ' ';
      if (map) {
        Print(spec, Value(object.fields[i].first), depth + 1);
        out_ += ':';
      } else if (spec.plus && spec.verb == 'v') {
        out_ += object.fields[i].first + ":";
      }
      Print(spec, object.fields[i].second, depth + 1);
    }
    out_ += map ? ']' : '}';
  }

  bool PrintBasic(const FormatSpec& spec, const Value& value) {
    const auto& data = value.data();
    if (const bool* v = std::get_if<bool>(&data)) {
      if (spec.verb != 'v' && spec.verb != 't') return false;
      out_ += Pad(spec, *v ? "true" : "false");
      return true;
    }
    if (const auto* v = std::get_if<int64_t>(&data)) return FormatInteger(spec, *v, &out_);
    if (const auto* v = std::get_if<double>(&data)) return FormatFloat(spec, *v, &out_);
    if (const auto* v = std::get_if<std::string>(&data)) return FormatText(spec, *v, &out_);
    if (const auto* v = std::get_if<SafeHtml>(&data)) return FormatText(spec, v->html, &out_);
    if (const auto* v = std::get_if<Duration>(&data)) return FormatInteger(spec, v->nanos, &out_);
    return false;
  }

  std::string& out_;
};

// One run over a format string.
class Formatter {
 public:
  Formatter(std::string_view format, std::span<const Value> args) : format_(format), args_(args) {}

  std::string Run() {
    while (at_ < format_.size() && out_.size() <= kMaxText) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) Verb();
    }
    if (!reordered_ && next_arg_ < args_.size()) Extra();
    return std::move(out_);
  }

 private:
  char Current() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  void Verb() {
    spec_ = FormatSpec();
    good_index_ = true;
    bool after_index = false;
    Flags();
    after_index = ArgNumber();
    Width(&after_index);
    Precision(&after_index);
    if (!after_index) ArgNumber();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const std::string_view rune = RunePrefix(format_.substr(at_), 1);
    at_ += rune.size();
    spec_.verb = Decode(rune);
    if (rune == "%") {
      out_ += '%';
    } else if (!good_index_) {
      out_ += "%!" + std::string(rune) + "(BADINDEX)";
    } else if (next_arg_ >= args_.size()) {
      out_ += "%!" + std::string(rune) + "(MISSING)";
    } else {
      Argument(args_[next_arg_++]);
    }
  }

  void Argument(const Value& value) {
    if (spec_.verb == 'T') {
      spec_.verb = 's';
      FormatText(spec_, TypeName(value), &out_);
      return;
    }
    Printer(&out_).Print(spec_, value);
  }

  static char32_t Decode(std::string_view rune) {
    uint32_t code = static_cast<unsigned char>(rune[0]);
    if (rune.size() > 1) {
      code &= 0xFFU >> (rune.size() + 1);
      for (const char c : rune.substr(1)) {
        code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
      }
    }
    return static_cast<char32_t>(code);
  }

  void Flags() {
    for (;; ++at_) {
      switch (Current()) {
        case '#':
          spec_.sharp = true;
          continue;
        case '0':
          spec_.zero = !spec_.minus;
          continue;
        case '+':
          spec_.plus = true;
          continue;
        case '-':
          spec_.minus = true;
          spec_.zero = false;
          continue;
        case ' ':
          spec_.space = true;
          continue;
        default:
          return;
      }
    }
  }

  // A number at the current place; false when there is none. Sets *number to -1 when it is too
  // large.
  bool Number(int* number) {
    const size_t start = at_;
    int value = 0;
    for (; Current() >= '0' && Current() <= '9'; ++at_) {
      value = value < 0 || value > kMaxWidth ? -1 : value * 10 + (Current() - '0');
    }
    *number = value > kMaxWidth ? -1 : value;
    return at_ > start;
  }

  // [n] picks the argument; true when there was one.
  bool ArgNumber() {
    if (Current() != '[') return false;
    reordered_ = true;
    const size_t close = format_.find(']', at_);
    ++at_;
    int number = 0;
    if (close == std::string_view::npos || !Number(&number) || at_ != close) {
      good_index_ = false;
      if (close != std::string_view::npos) at_ = close + 1;
      return true;
    }
    at_ = close + 1;
    if (number >= 1 && static_cast<size_t>(number) <= args_.size()) {
      next_arg_ = static_cast<size_t>(number) - 1;
    } else {
      good_index_ = false;
    }
    return true;
  }

  // The int argument a * stands for; false when it is none.
  bool StarArgument(int* number) {
    if (next_arg_ >= args_.size()) return false;
    const auto* value = std::get_if<int64_t>(&args_[next_arg_++].data());
    if (value == nullptr || *value > kMaxWidth || *value < -kMaxWidth) return false;
    *number = static_cast<int>(*value);
    return true;
  }

  void Width(bool* after_index) {
    if (Current() == '*') {
      ++at_;
      spec_.has_width = StarArgument(&spec_.width);
      if (!spec_.has_width) out_ += "%!(BADWIDTH)";
      if (spec_.width < 0) {
        spec_.width = -spec_.width;
        spec_.minus = true;
        spec_.zero = false;
      }
      *after_index = false;
      return;
    }
    if (!Number(&spec_.width)) return;
    spec_.has_width = spec_.width >= 0;
    if (!spec_.has_width) out_ += "%!(BADWIDTH)";
    if (*after_index) good_index_ = false;  // "%[3]2d"
  }

  void Precision(bool* after_index) {
    if (Current() != '.') return;
    ++at_;
    if (*after_index) good_index_ = false;  // "%[3].2d"
    *after_index = ArgNumber();
    if (Current() == '*') {
      ++at_;
      spec_.has_precision = StarArgument(&spec_.precision) && spec_.precision >= 0;
      if (!spec_.has_precision) out_ += "%!(BADPREC)";
      *after_index = false;
      return;
    }
    spec_.has_precision = true;
    if (!Number(&spec_.precision)) spec_.precision = 0;
    if (spec_.precision >= 0) return;
    spec_.has_precision = false;
    out_ += "%!(BADPREC)";
  }

  void Extra() {
    out_ += "%!(EXTRA ";
    for (size_t i = next_arg_; i < args_.size(); ++i) {
      if (i > next_arg_) out_ += ", ";
      out_ += args_[i].IsNil() ? "<nil>" : TypeName(args_[i]) + "=" + FormatValue(args_[i]);
    }
    out_ += ")";
  }

  std::string_view format_;
  std::span<const Value> args_;
  size_t at_ = 0;
  size_t next_arg_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
  FormatSpec spec_;
  std::string out_;
};

}  // namespace

std::string Sprintf(std::string_view format, std::span<const Value> args) {
  return Formatter(format, args).Run();
}

std::string FormatValue(const Value& value) {
  std::string out;
  Printer(&out).Print(FormatSpec(), value);
  return out;
}

std::string PrintableText(const Value& value) {
  if (const std::string* text = value.AsString()) return *text;
  return value.IsNil() ? "<no value>" : FormatValue(value);
}

std::string Sprint(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    const bool text = args[i].AsString() != nullptr;
    if (i > 0 && !text && args[i - 1].AsString() == nullptr) out += ' ';
    out += FormatValue(args[i]);
  }
  return out;
}

std::string Sprintln(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) out += (i > 0 ? " " : "") + FormatValue(args[i]);
  return out + "\n";
}

}  // namespace outrider::tmpl
