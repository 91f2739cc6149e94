// SPDX-License-Identifier: Apache-2.0
#include "rules/template/format_verb.h"

#include <algorithm>
#include <utility>

#include "rules/template/format_spec.h"
#include "rules/template/format_value.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr int kMaxNumber = 1'000'000;  // of widths and precisions, as in Go

bool TooLarge(int64_t number) { return number > kMaxNumber || number < -kMaxNumber; }

// One run over a format string.
class Formatter {
 public:
  Formatter(std::string_view format, std::span<const Value> args) : format_(format), args_(args) {}

  std::string Run() {
    while (at_ < format_.size() && out_.size() <= kMaxFormatted) {
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
    Flags();
    bool after_index = ArgNumber();
    Width(&after_index);
    Precision(&after_index);
    if (!after_index) ArgNumber();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const std::string_view rune = RunePrefix(format_.substr(at_), 1);
    at_ += rune.size();
    spec_.verb = DecodeOneRune(rune);
    const std::string verb = EncodeRune(static_cast<int64_t>(spec_.verb));
    if (rune == "%") {
      out_ += '%';
    } else if (!good_index_) {
      out_ += "%!" + verb + "(BADINDEX)";
    } else if (next_arg_ >= args_.size()) {
      out_ += "%!" + verb + "(MISSING)";
    } else {
      Argument(args_[next_arg_++]);
    }
  }

  void Argument(const Value& value) {
    if (spec_.verb == 'T' && value.IsNil()) {
      out_ += Pad(spec_, "<nil>");
      return;
    }
    if (spec_.verb == 'T') {
      spec_.verb = 's';
      FormatText(spec_, TypeName(value), &out_);
      return;
    }
    if (spec_.verb == 'v' || spec_.verb == 'w') {  // the flags have a meaning of their own
      spec_.sharp_v = std::exchange(spec_.sharp, false);
      spec_.plus_v = std::exchange(spec_.plus, false);
    }
    PrintValue(spec_, value, &out_);
  }

  void Flags() {
    for (;; ++at_) {
      switch (Current()) {
        case '#':
          spec_.sharp = true;
          continue;
        case '0':
          spec_.zero = true;
          continue;
        case '+':
          spec_.plus = true;
          continue;
        case '-':
          spec_.minus = true;
          continue;
        case ' ':
          spec_.space = true;
          continue;
        default:
          return;
      }
    }
  }

  // A number at the current place, which ends before `end`; false when there is none. One that is
  // far too large swallows the rest up to `end`.
  bool Number(size_t end, int* number) {
    const size_t start = at_;
    int value = 0;
    for (; at_ < end && Current() >= '0' && Current() <= '9'; ++at_) {
      if (TooLarge(value)) {
        at_ = end;
        return false;
      }
      value = value * 10 + (Current() - '0');
    }
    if (at_ == start) return false;
    *number = value;
    return true;
  }

  // [n] picks the argument; true when it is well formed.
  bool ArgNumber() {
    if (Current() != '[') return false;
    reordered_ = true;
    const size_t close = format_.find(']', at_ + 1);
    ++at_;
    if (close == std::string_view::npos) {
      good_index_ = false;
      return false;
    }
    int number = 0;
    const bool well_formed = Number(close, &number) && at_ == close;
    at_ = close + 1;
    if (well_formed && number >= 1 && static_cast<size_t>(number) <= args_.size()) {
      next_arg_ = static_cast<size_t>(number) - 1;
    } else {
      good_index_ = false;
    }
    return well_formed;
  }

  // The int argument a * stands for; false when it is none.
  bool StarArgument(int* number) {
    if (next_arg_ >= args_.size()) return false;
    const Value& argument = args_[next_arg_++];
    const auto* value = std::get_if<int64_t>(&argument.data());
    const auto* duration = std::get_if<Duration>(&argument.data());
    if (value == nullptr && duration != nullptr) value = &duration->nanos;
    if (value == nullptr || TooLarge(*value)) return false;
    *number = static_cast<int>(*value);
    return true;
  }

  void Width(bool* after_index) {
    if (Current() != '*') {
      spec_.has_width = Number(format_.size(), &spec_.width);
      if (*after_index && spec_.has_width) good_index_ = false;  // "%[3]2d"
      return;
    }
    ++at_;
    spec_.has_width = StarArgument(&spec_.width);
    if (!spec_.has_width) out_ += "%!(BADWIDTH)";
    if (spec_.width < 0) {
      spec_.width = -spec_.width;
      spec_.minus = true;
      spec_.zero = false;
    }
    *after_index = false;
  }

  void Precision(bool* after_index) {
    if (Current() != '.') return;
    ++at_;
    if (*after_index) good_index_ = false;  // "%[3].2d"
    *after_index = ArgNumber();
    if (Current() != '*') {
      spec_.has_precision = true;
      if (!Number(format_.size(), &spec_.precision)) spec_.precision = 0;
      return;
    }
    ++at_;
    spec_.has_precision = StarArgument(&spec_.precision) && spec_.precision >= 0;
    if (!spec_.has_precision) out_ += "%!(BADPREC)";
    *after_index = false;
  }

  void Extra() {
    out_ += "%!(EXTRA ";
    for (size_t i = next_arg_; i < args_.size() && out_.size() <= kMaxFormatted; ++i) {
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

// Of Go's kind string.
bool IsText(const Value& value) {
  return value.AsString() != nullptr || std::holds_alternative<SafeHtml>(value.data());
}

}  // namespace

std::string Sprintf(std::string_view format, std::span<const Value> args) {
  return Formatter(format, args).Run();
}

std::string FormatValue(const Value& value) {
  std::string out;
  PrintValue(FormatSpec(), value, &out);
  return out;
}

std::string PrintableText(const Value& value) {
  if (const std::string* text = value.AsString()) return *text;
  if (value.IsNil()) return "<no value>";
  std::string out;
  PrintPointedTo(value, &out);
  return out;
}

std::string Sprint(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size() && out.size() <= kMaxFormatted; ++i) {
    if (i > 0 && !IsText(args[i]) && !IsText(args[i - 1])) out += ' ';
    out += FormatValue(args[i]);
  }
  return out;
}

std::string Sprintln(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size() && out.size() <= kMaxFormatted; ++i) {
    out += (i > 0 ? " " : "") + FormatValue(args[i]);
  }
  return out + "\n";
}

}  // namespace outrider::tmpl
