// SPDX-License-Identifier: Apache-2.0
// The data of a template: what Go's reflection gives text/template, as a closed set of values.
// Values are immutable and cheap to copy (lists and objects are shared), hence thread-safe to read.
// Their destructor follows nested lists and objects: who builds them from outside bounds depth().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

class Value;
using List = std::vector<Value>;

// A function of templates, or a method of a value. Errors are its own text; the interpreter adds
// `error calling NAME: `. The code Unimplemented is kept for wrong types of arguments (args.h).
struct Function {
  using Call = std::function<StatusOr<Value>(std::span<const Value> args)>;
  using Work = size_t (*)(std::span<const Value> args);
  Function() = default;
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Function> && std::is_constructible_v<Call, F>)
  // NOLINTNEXTLINE(google-explicit-constructor): for tables
  Function(F f, const char* types = nullptr, Work work = nullptr)
      : call(std::move(f)), params(types), steps(work) {}
  StatusOr<Value> operator()(std::span<const Value> args) const;

  Call call;
  // The types of the parameters, which are checked before the call, a letter each: s string, i int,
  // t time, d duration, l []any, S []string, q the samples of a query, p one of them, a anything,
  // r anything as it is; the last one with a * repeats. None: the function checks by itself.
  const char* params = nullptr;
  Work steps = nullptr;  // how many steps of the interpreter a call is worth, beside its own
  size_t max_result = 1U << 20;  // bytes of a text; the function stops soon after them by itself
};
using Method = Function;

// A Go struct, map[string]T, or a type with methods. Fields of a struct print in their order; maps
// by sorted key. A method named String prints the value, as Go's fmt.Stringer does.
struct Object {
  enum class Kind { kStruct, kMap };
  using Method = tmpl::Method;
  Kind kind = Kind::kStruct;
  std::vector<std::pair<std::string, Value>> fields;
  // Methods by name (`.Alerts.Firing`, `.CommonLabels.SortedPairs`, `.Format "15:04"`).
  std::vector<std::pair<std::string, Method>> methods;
  // Go's name of the type for error texts; "" for a plain map or struct; *T is a pointer to a T.
  std::string type;
  // map[string]any: a missing key is nil; else map[string]string: it is "".
  bool any_values = false;
  // What the fields of a struct are called in JSON, in their order; "": left out. None: as they are
  // called in Go. The texts live for ever.
  std::span<const std::string_view> json_names = {};
  bool IsPointer() const { return type.starts_with('*'); }
  const Value* Find(std::string_view key) const;
  const Method* FindMethod(std::string_view name) const;
};
// A list with methods ([]Alert with .Firing and .Resolved, Strings with .Join).
struct MethodList {
  List items;
  std::vector<std::pair<std::string, Object::Method>> methods;
  std::string type;  // as in Object
  const Method* FindMethod(std::string_view name) const;
};
struct Time {
  Nanos nanos = 0;  // 0: Go's zero time, 0001-01-01T00:00:00Z
  int offset_seconds = 0;
  std::string zone;    // abbreviation ("CET"); "": UTC at offset 0, else the number is printed
  bool epoch = false;  // nanos = 0 is 1970-01-01T00:00:00Z and not the zero time
  bool IsZero() const { return nanos == 0 && !epoch; }
};
struct Duration {
  int64_t nanos = 0;
};
// An int with a name of its own, as time.Month and time.Weekday are.
struct NamedInt {
  int64_t number = 0;
  std::string_view name;
  std::string_view type;
};
// A text that is not escaped as HTML, or where `url` is set, as a URL.
struct SafeHtml {
  std::string html;
  bool url = false;
};

class Value {
 public:
  using Data = std::variant<std::monostate, bool, int64_t, double, std::string,
                            std::shared_ptr<const List>, std::shared_ptr<const Object>,
                            std::shared_ptr<const MethodList>, Time, Duration, SafeHtml, NamedInt>;
  Value() = default;
  explicit Value(Data data);
  Value(bool v) : data_(v) {}                           // NOLINT(google-explicit-constructor)
  Value(int v) : data_(int64_t{v}) {}                   // NOLINT(google-explicit-constructor)
  Value(int64_t v) : data_(v) {}                        // NOLINT(google-explicit-constructor)
  Value(double v) : data_(v) {}                         // NOLINT(google-explicit-constructor)
  Value(std::string v) : data_(std::move(v)) {}         // NOLINT(google-explicit-constructor)
  Value(const char* v) : data_(std::string(v)) {}       // NOLINT(google-explicit-constructor)
  Value(std::string_view v) : data_(std::string(v)) {}  // NOLINT(google-explicit-constructor)
  Value(Time v) : data_(std::move(v)) {}                // NOLINT(google-explicit-constructor)
  Value(Duration v) : data_(v) {}                       // NOLINT(google-explicit-constructor)
  Value(SafeHtml v) : data_(std::move(v)) {}            // NOLINT(google-explicit-constructor)
  Value(NamedInt v) : data_(v) {}                       // NOLINT(google-explicit-constructor)
  Value(List v);                                        // NOLINT(google-explicit-constructor)
  Value(Object v);                                      // NOLINT(google-explicit-constructor)
  Value(MethodList v);                                  // NOLINT(google-explicit-constructor)
  const Data& data() const { return data_; }

  bool IsNil() const { return std::holds_alternative<std::monostate>(data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const Object* AsObject() const;
  // The value as it lies in a place of Go's type interface {}: an item of a List, a value of a map
  // with any_values. There errors call its type so, and a nil is not the same as no value at all.
  // The interpreter marks these; data only has to for a field of a struct.
  Value Boxed() const;
  Value Unboxed() const;
  bool boxed() const { return boxed_; }
  // How deep lists and objects are nested in it; 0 for anything else. Stays at kMaxCountedDepth.
  static constexpr int kMaxCountedDepth = 1000;
  int depth() const { return depth_; }
  // The items of a List or MethodList, else nullptr.
  const List* AsList() const;
  const Method* FindMethod(std::string_view name) const;  // of an Object or MethodList

 private:
  Data data_;
  bool boxed_ = false;
  int16_t depth_ = 0;
};

// text/template's truth: false, 0, "", nil, an empty list or map are false; structs and times are
// true.
bool IsTrue(const Value& value);
// Go's name of the value's type, for error texts and %T: "string", "float64", "map[string]string".
// StaticTypeName is that of the place it lies in.
std::string StaticTypeName(const Value& value);
std::string TypeName(const Value& value);
std::string TypeName(const Object& object);

}  // namespace outrider::tmpl
