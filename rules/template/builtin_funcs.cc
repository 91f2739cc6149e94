// SPDX-License-Identifier: Apache-2.0
// The functions Go's text/template always has. Exec.cc evaluates `and` and `or` itself, to stop
// early.
#include <fmt/format.h>

#include "rules/template/args.h"
#include "rules/template/compare.h"
#include "rules/template/format_verb.h"
#include "rules/template/template.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

// One text stays itself, anything else is printed.
std::string JoinedArgs(Args args) {
  if (args.size() == 1) {
    if (const std::string* text = args[0].AsString()) return *text;
    return PrintableText(args[0]);
  }
  return Sprint(args);
}

StatusOr<Value> Decide(Args args, bool stop_at) {
  TRY(CheckCount(args, 1, kAnyCount));
  for (const Value& arg : args) {
    if (IsTrue(arg) == stop_at) return arg;
  }
  return args.back();
}
StatusOr<Value> And(Args args) { return Decide(args, false); }
StatusOr<Value> Or(Args args) { return Decide(args, true); }
StatusOr<Value> Not(Args args) {
  TRY(CheckCount(args, 1));
  return Value(!IsTrue(args[0]));
}

StatusOr<Value> Equal(Args args) {
  TRY(CheckCount(args, 1, kAnyCount));
  if (args.size() == 1) return InvalidArgument("missing argument for comparison");
  for (const Value& other : args.subspan(1)) {
    if (TRY(ValuesEqual(args[0], other))) return Value(true);
  }
  return Value(false);
}
StatusOr<Value> NotEqual(Args args) {
  TRY(CheckCount(args, 2));
  return Value(!TRY(ValuesEqual(args[0], args[1])));
}
StatusOr<Value> Less(Args args) {
  TRY(CheckCount(args, 2));
  return Value(TRY(ValueLess(args[0], args[1])));
}
StatusOr<Value> LessOrEqual(Args args) {
  TRY(CheckCount(args, 2));
  const bool less = TRY(ValueLess(args[0], args[1]));
  return Value(less || TRY(ValuesEqual(args[0], args[1])));
}
StatusOr<Value> Greater(Args args) { return Value(!std::get<bool>(TRY(LessOrEqual(args)).data())); }
StatusOr<Value> GreaterOrEqual(Args args) { return Value(!std::get<bool>(TRY(Less(args)).data())); }

StatusOr<Value> Length(Args args) {
  TRY(CheckCount(args, 1));
  if (const std::string* text = args[0].AsString())
    return Value(static_cast<int64_t>(text->size()));
  if (const List* list = args[0].AsList()) return Value(static_cast<int64_t>(list->size()));
  const Object* object = args[0].AsObject();
  if (object != nullptr && object->kind == Object::Kind::kMap) {
    return Value(static_cast<int64_t>(object->fields.size()));
  }
  if (args[0].IsNil()) return InvalidArgument("len of nil pointer");
  return InvalidArgument("len of type " + TypeName(args[0]));
}

StatusOr<size_t> Position(const Value& index, size_t limit) {
  if (index.IsNil()) return InvalidArgument("cannot index slice/array with nil");
  const int64_t* number = std::get_if<int64_t>(&index.data());
  if (number == nullptr) {
    return InvalidArgument("cannot index slice/array with type " + TypeName(index));
  }
  if (*number < 0 || static_cast<uint64_t>(*number) > limit) {
    return InvalidArgument(fmt::format("index out of range: {}", *number));
  }
  return static_cast<size_t>(*number);
}

StatusOr<Value> IndexOnce(const Value& item, const Value& index) {
  if (item.IsNil()) return InvalidArgument("index of nil pointer");
  if (const std::string* text = item.AsString()) {
    const size_t at = TRY(Position(index, text->size()));
    if (at == text->size()) return InvalidArgument(fmt::format("index out of range: {}", at));
    return Value(static_cast<int64_t>(static_cast<unsigned char>((*text)[at])));
  }
  if (const List* list = item.AsList()) {
    const size_t at = TRY(Position(index, list->size()));
    if (at == list->size()) return InvalidArgument(fmt::format("index out of range: {}", at));
    return (*list)[at];
  }
  const Object* object = item.AsObject();
  if (object == nullptr || object->kind != Object::Kind::kMap) {
    return InvalidArgument("can't index item of type " + TypeName(item));
  }
  const std::string* key = index.AsString();
  if (key == nullptr) {
    if (index.IsNil()) return InvalidArgument("value is nil; should be of type string");
    return InvalidArgument(fmt::format("value has type {}; should be string", TypeName(index)));
  }
  if (const Value* value = object->Find(*key)) return *value;
  return object->any_values ? Value() : Value("");
}

StatusOr<Value> Index(Args args) {
  TRY(CheckCount(args, 1, kAnyCount));
  if (args[0].IsNil()) return InvalidArgument("index of untyped nil");
  Value item = args[0];
  for (const Value& index : args.subspan(1)) item = TRY(IndexOnce(item, index));
  return item;
}

StatusOr<Value> Slice(Args args) {
  TRY(CheckCount(args, 1, kAnyCount));
  if (args[0].IsNil()) return InvalidArgument("slice of untyped nil");
  if (args.size() > 4) {
    return InvalidArgument(fmt::format("too many slice indexes: {}", args.size() - 1));
  }
  const std::string* text = args[0].AsString();
  const List* list = args[0].AsList();
  if (text == nullptr && list == nullptr) {
    return InvalidArgument("can't slice item of type " + TypeName(args[0]));
  }
  if (text != nullptr && args.size() == 4) return InvalidArgument("cannot 3-index slice a string");
  const size_t size = text != nullptr ? text->size() : list->size();
  size_t bounds[3] = {0, size, size};
  for (size_t i = 1; i < args.size(); ++i) bounds[i - 1] = TRY(Position(args[i], size));
  for (size_t i = 0; i + 1 < std::max<size_t>(args.size() - 1, 2); ++i) {
    if (bounds[i] > bounds[i + 1]) {
      return InvalidArgument(fmt::format("invalid slice index: {} > {}", bounds[i], bounds[i + 1]));
    }
  }
  if (text != nullptr) return Value(text->substr(bounds[0], bounds[1] - bounds[0]));
  const auto begin = list->begin();
  return Value(List(begin + static_cast<std::ptrdiff_t>(bounds[0]),
                    begin + static_cast<std::ptrdiff_t>(bounds[1])));
}

StatusOr<Value> Print(Args args) { return Value(Sprint(args)); }
StatusOr<Value> Println(Args args) { return Value(Sprintln(args)); }
StatusOr<Value> Printf(Args args) {
  TRY(CheckCount(args, 1, kAnyCount));
  return Value(Sprintf(TRY(StringArg(args[0])), args.subspan(1)));
}

StatusOr<Value> Html(Args args) {
  std::string out;
  for (const char c : JoinedArgs(args)) out += c == '\0' ? "\xEF\xBF\xBD" : EscapeHtml({&c, 1});
  return Value(std::move(out));
}

StatusOr<Value> Js(Args args) {
  std::string out;
  for (const char c : JoinedArgs(args)) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '"':
        out += "\\\"";
        break;
      case '<':
      case '>':
      case '&':
      case '=':
        out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return Value(std::move(out));
}

StatusOr<Value> UrlQuery(Args args) { return Value(UrlEncodeQuery(JoinedArgs(args))); }

StatusOr<Value> Call(Args args) {
  TRY(CheckCount(args, 1, kAnyCount));
  if (args[0].IsNil()) return InvalidArgument("call of nil");
  return InvalidArgument(
      fmt::format("non-function {} of type {}", FormatValue(args[0]), TypeName(args[0])));
}

}  // namespace

const FunctionMap& BuiltinFunctions() {
  static const FunctionMap kFunctions = {
      {"and", And},         {"call", Call},   {"eq", Equal},          {"ge", GreaterOrEqual},
      {"gt", Greater},      {"html", Html},   {"index", Index},       {"js", Js},
      {"le", LessOrEqual},  {"len", Length},  {"lt", Less},           {"ne", NotEqual},
      {"not", Not},         {"or", Or},       {"print", Print},       {"printf", Printf},
      {"println", Println}, {"slice", Slice}, {"urlquery", UrlQuery},
  };
  return kFunctions;
}

}  // namespace outrider::tmpl
