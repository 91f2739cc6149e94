// SPDX-License-Identifier: Apache-2.0
#include "rules/template/format_value.h"

#include <fmt/format.h>

#include "rules/template/format_verb.h"
#include "rules/template/time_format.h"
#include "rules/template/time_layout.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr int kMaxDepth = 64;  // of nested lists and maps

// %#v of a time; the zone is known by its abbreviation only.
std::string GoSyntax(const Time& time) {
  const Civil civil = ToCivil(time);
  const bool utc = time.offset_seconds == 0 && (time.zone.empty() || time.zone == "UTC");
  const std::string zone =
      utc ? std::string("time.UTC") : fmt::format("time.Location({})", Quote(time.zone));
  return fmt::format("time.Date({}, time.{}, {}, {}, {}, {}, {}, {})", civil.year,
                     MonthName(civil.month), civil.day, civil.hour, civil.minute, civil.second,
                     civil.nano, zone);
}

class Printer {
 public:
  explicit Printer(std::string* out) : out_(*out) {}

  void PrintPointedTo(const Value& value) {
    follow_pointer_ = true;
    Print(FormatSpec(), value);
  }

  void Print(const FormatSpec& spec, const Value& value, int depth = 0) {
    if (depth > kMaxDepth || out_.size() > kMaxFormatted) return;
    if (value.IsNil()) return PrintNil(spec, depth);
    if (spec.verb == 'w' && !bad_verb_) return BadVerb(spec, value);  // only for errors
    if (!bad_verb_ && PrintWithMethod(spec, value)) return;
    if (const List* list = value.AsList()) return PrintList(spec, value, *list, depth);
    if (const Object* object = value.AsObject()) return PrintObject(spec, *object, depth);
    if (!PrintBasic(spec, value)) BadVerb(spec, value);
  }

 private:
  void PrintNil(const FormatSpec& spec, int depth) {
    if (depth > 0) {
      out_ += spec.sharp_v ? "interface {}(nil)" : "<nil>";
    } else if (spec.verb == 'v') {
      out_ += Pad(spec, "<nil>");
    } else {
      out_ += "%!" + EncodeRune(static_cast<int64_t>(spec.verb)) + "(<nil>)";
    }
  }

  void BadVerb(const FormatSpec& spec, const Value& value) {
    out_ += "%!" + EncodeRune(static_cast<int64_t>(spec.verb)) + "(" + TypeName(value) + "=";
    FormatSpec plain = spec;
    plain.verb = 'v';
    bad_verb_ = true;  // methods are not asked: they may be what failed
    Print(plain, value);
    bad_verb_ = false;
    out_ += ")";
  }

  // A method String() speaks for the value where the verb is one for texts.
  bool PrintWithMethod(const FormatSpec& spec, const Value& value) {
    const Time* time = std::get_if<Time>(&value.data());
    if (spec.sharp_v && spec.verb == 'v') {
      return time != nullptr && PrintGoSyntax(spec, *time);
    }
    if (std::u32string_view(U"vsxXq").find(spec.verb) == std::u32string_view::npos) return false;
    if (time != nullptr) return FormatText(spec, TimeText(*time), &out_);
    if (const Duration* duration = std::get_if<Duration>(&value.data())) {
      return FormatText(spec, DurationText(duration->nanos), &out_);
    }
    if (const NamedInt* named = std::get_if<NamedInt>(&value.data())) {
      return FormatText(spec, named->name, &out_);
    }
    const Method* method = value.FindMethod("String");
    if (method == nullptr) return false;
    const StatusOr<Value> text = (*method)({});
    return text.ok() && text->AsString() != nullptr && FormatText(spec, *text->AsString(), &out_);
  }

  bool PrintGoSyntax(const FormatSpec& spec, const Time& time) {
    FormatSpec text = spec;
    text.sharp_v = false;
    return FormatText(text, GoSyntax(time), &out_);
  }

  void PrintList(const FormatSpec& spec, const Value& value, const List& list, int depth) {
    out_ += spec.sharp_v ? TypeName(value) + "{" : "[";
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += spec.sharp_v ? ", " : " ";
      Print(spec, list[i], depth + 1);
    }
    out_ += spec.sharp_v ? '}' : ']';
  }

  void PrintObject(const FormatSpec& spec, const Object& object, int depth) {
    const bool map = object.kind == Object::Kind::kMap;
    std::string type = spec.sharp_v ? TypeName(object) : "";
    const bool followed = follow_pointer_ && depth == 0;
    if (object.IsPointer() && !followed) {
      type = "&" + (spec.sharp_v ? type.substr(1) : type);
    }
    out_ += type + (spec.sharp_v ? "{" : map ? "map[" : "{");
    for (size_t i = 0; i < object.fields.size(); ++i) {
      if (i > 0) out_ += spec.sharp_v ? ", " : " ";
      if (map) {
        Print(spec, Value(object.fields[i].first), depth + 1);
        out_ += ':';
      } else if (spec.plus_v || spec.sharp_v) {
        out_ += object.fields[i].first + ":";
      }
      Print(spec, object.fields[i].second, depth + 1);
    }
    out_ += map && !spec.sharp_v ? ']' : '}';
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
    if (const auto* v = std::get_if<NamedInt>(&data)) return FormatInteger(spec, v->number, &out_);
    if (const auto* v = std::get_if<Duration>(&data)) return FormatInteger(spec, v->nanos, &out_);
    if (const auto* v = std::get_if<Time>(&data); v != nullptr && spec.verb == 'v') {
      return FormatText(spec, TimeText(*v), &out_);  // Go shows its private fields
    }
    return false;
  }

  std::string& out_;
  bool bad_verb_ = false;
  bool follow_pointer_ = false;
};

}  // namespace

void PrintValue(const FormatSpec& spec, const Value& value, std::string* out) {
  Printer(out).Print(spec, value);
}

void PrintPointedTo(const Value& value, std::string* out) { Printer(out).PrintPointedTo(value); }

}  // namespace outrider::tmpl
