// SPDX-License-Identifier: Apache-2.0
// The functions Go's text/template always has. Exec.cc evaluates `and` and `or` itself, to stop
// early.
#include <fmt/format.h>

#include "rules/template/args.h"
#include "rules/template/compare.h"
#include "rules/template/format_spec.h"
#include "rules/template/format_verb.h"
#include "rules/template/template.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

// The arguments printed together; one that is nil is the text <no value>.
std::string JoinedArgs(Args args) {
  std::vector<Value> printable;
  size_t size = 0;  // of the texts made here
  for (const Value& arg : args) {
    const Object* object = arg.AsObject();
    const bool pointer = object != nullptr && object->IsPointer();
    printable.push_back(arg.IsNil() || pointer ? Value(PrintableText(arg)) : arg);
    if (pointer) size += printable.back().AsString()->size();
    if (size > kMaxFormatted) break;
  }
  return Sprint(printable);
}

// The bytes of a value of Go's kind string.
const std::string* TextOf(const Value& value) {
  const auto* safe = std::get_if<SafeHtml>(&value.data());
  return safe != nullptr ? &safe->html : value.AsString();
}

StatusOr<Value> Decide(Args args, bool stop_at) {
  for (const Value& arg : args) {
    if (IsTrue(arg) == stop_at) return arg;
  }
  return args.back();
}
StatusOr<Value> And(Args args) { return Decide(args, false); }
StatusOr<Value> Or(Args args) { return Decide(args, true); }
StatusOr<Value> Not(Args args) { return Value(!IsTrue(args[0])); }

StatusOr<Value> Equal(Args args) {
  if (args.size() == 1) return InvalidArgument("missing argument for comparison");
  for (const Value& other : args.subspan(1)) {
    if (TRY(ValuesEqual(args[0], other))) return Value(true);
  }
  return Value(false);
}
StatusOr<Value> NotEqual(Args args) { return Value(!TRY(ValuesEqual(args[0], args[1]))); }
StatusOr<Value> Less(Args args) { return Value(TRY(ValueLess(args[0], args[1]))); }
StatusOr<Value> LessOrEqual(Args args) {
  const bool less = TRY(ValueLess(args[0], args[1]));
  return Value(less || TRY(ValuesEqual(args[0], args[1])));
}
StatusOr<Value> Greater(Args args) { return Value(!std::get<bool>(TRY(LessOrEqual(args)).data())); }
StatusOr<Value> GreaterOrEqual(Args args) { return Value(!std::get<bool>(TRY(Less(args)).data())); }

StatusOr<Value> Length(Args args) {
  const Value& item = args[0];
  if (const std::string* text = TextOf(item)) return Value(static_cast<int64_t>(text->size()));
  if (const List* list = item.AsList()) return Value(static_cast<int64_t>(list->size()));
  const Object* object = item.AsObject();
  if (object != nullptr && object->kind == Object::Kind::kMap) {
    return Value(static_cast<int64_t>(object->fields.size()));
  }
  if (item.IsNil() && !item.boxed()) {
    return InvalidArgument("reflect: call of reflect.Value.Type on zero Value");
  }
  if (item.IsNil()) return InvalidArgument("len of nil pointer");
  return InvalidArgument("len of type " + TypeName(item));
}

// An index up to `limit`, which is Go's capacity.
StatusOr<size_t> Position(const Value& index, size_t limit) {
  if (index.IsNil() && !index.boxed()) {
    return InvalidArgument("cannot index slice/array with nil");
  }
  const auto* duration = std::get_if<Duration>(&index.data());
  const int64_t* number = index.boxed()         ? nullptr  // Go does not look into it here
                          : duration != nullptr ? &duration->nanos
                                                : std::get_if<int64_t>(&index.data());
  if (number == nullptr) {
    return InvalidArgument("cannot index slice/array with type " + StaticTypeName(index));
  }
  if (*number < 0 || static_cast<uint64_t>(*number) > limit) {
    return InvalidArgument(fmt::format("index out of range: {}", *number));
  }
  return static_cast<size_t>(*number);
}

StatusOr<Value> IndexOnce(const Value& item, const Value& index) {
  if (item.IsNil()) return InvalidArgument("index of nil pointer");
  if (const std::string* text = TextOf(item)) {
    const size_t at = TRY(Position(index, text->size()));
    if (at == text->size()) return InvalidArgument("reflect: string index out of range");
    return Value(static_cast<int64_t>(static_cast<unsigned char>((*text)[at])));
  }
  if (const List* list = item.AsList()) {
    const size_t at = TRY(Position(index, list->size()));
    if (at == list->size()) return InvalidArgument("reflect: slice index out of range");
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
  return object->any_values ? Value().Boxed() : Value("");
}

StatusOr<Value> Index(Args args) {
  if (args[0].IsNil()) return InvalidArgument("index of untyped nil");
  Value item = args[0];
  for (const Value& index : args.subspan(1)) {
    item = TRY(IndexOnce(item, index.Unboxed()));
  }
  return item;
}

StatusOr<Value> SliceOf(const Value& item, size_t from, size_t to) {
  if (const std::string* text = TextOf(item)) {
    std::string part = text->substr(from, to - from);
    if (item.AsString() == nullptr) return Value(SafeHtml{std::move(part)});
    return Value(std::move(part));
  }
  const List& list = *item.AsList();
  const auto begin = list.begin() + static_cast<std::ptrdiff_t>(from);
  List part(begin, list.begin() + static_cast<std::ptrdiff_t>(to));
  if (TypeName(item) == TypeName(Value(List()))) return Value(std::move(part));
  return Value(MethodList{std::move(part), {}, TypeName(item)});
}

StatusOr<Value> Slice(Args args) {
  const Value& item = args[0];
  if (item.IsNil()) return InvalidArgument("slice of untyped nil");
  if (args.size() > 4) {
    return InvalidArgument(fmt::format("too many slice indexes: {}", args.size() - 1));
  }
  const std::string* text = TextOf(item);
  const List* list = item.AsList();
  if (text == nullptr && list == nullptr) {
    return InvalidArgument("can't slice item of type " + TypeName(item));
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
  return SliceOf(item, bounds[0], bounds[1]);
}

StatusOr<Value> Print(Args args) { return Value(Sprint(args)); }
StatusOr<Value> Println(Args args) { return Value(Sprintln(args)); }
StatusOr<Value> Printf(Args args) {
  return Value(Sprintf(TRY(StringArg(args[0])), args.subspan(1)));
}

StatusOr<Value> Html(Args args) {
  std::string out;
  for (const char c : JoinedArgs(args)) out += c == '\0' ? "\xEF\xBF\xBD" : EscapeHtml({&c, 1});
  return Value(std::move(out));
}

// JavaScript's escapes for what has a meaning there or cannot be printed.
std::string EscapeJsRune(std::string_view rune) {
  const auto code = static_cast<uint32_t>(DecodeOneRune(rune));
  if (rune.size() > 1 || code >= 0x80) {
    const bool printable = rune.size() > 1 && Quote(rune).size() == rune.size() + 2;
    return printable ? std::string(rune) : fmt::format("\\u{:04X}", code);
  }
  if (std::string_view("\\'\"").find(rune) != std::string_view::npos) {
    return "\\" + std::string(rune);
  }
  const bool special = code < 0x20 || std::string_view("<>&=").find(rune) != std::string_view::npos;
  return special ? fmt::format("\\u{:04X}", code) : std::string(rune);
}

StatusOr<Value> Js(Args args) {
  std::string out;
  const std::string text = JoinedArgs(args);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view rune = RunePrefix(rest, 1);
    out += EscapeJsRune(rune);
    rest.remove_prefix(rune.size());
  }
  return Value(std::move(out));
}

StatusOr<Value> UrlQuery(Args args) { return Value(UrlEncodeQuery(JoinedArgs(args))); }

// The interpreter puts the text of the first argument before it.
StatusOr<Value> Call(Args args) {
  const std::string name = TRY(StringArg(args[0]));
  if (args[1].IsNil()) return InvalidArgument("call of nil");
  return InvalidArgument(fmt::format("non-function {} of type {}", name, TypeName(args[1])));
}

}  // namespace

const FunctionMap& BuiltinFunctions() {
  static const FunctionMap kFunctions = {
      {"and", {And, "rr*"}},
      {"call", {Call, "rr*"}},
      {"eq", {Equal, "rr*"}},
      {"ge", {GreaterOrEqual, "rr"}},
      {"gt", {Greater, "rr"}},
      {"html", {Html, "a*"}},
      {"index", {Index, "rr*"}},
      {"js", {Js, "a*"}},
      {"le", {LessOrEqual, "rr"}},
      {"len", {Length, "r"}},
      {"lt", {Less, "rr"}},
      {"ne", {NotEqual, "rr"}},
      {"not", {Not, "r"}},
      {"or", {Or, "rr*"}},
      {"print", {Print, "a*"}},
      {"printf", {Printf, "sa*"}},
      {"println", {Println, "a*"}},
      {"slice", {Slice, "rr*"}},
      {"urlquery", {UrlQuery, "a*"}},
  };
  return kFunctions;
}

}  // namespace outrider::tmpl
