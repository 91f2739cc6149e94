// SPDX-License-Identifier: Apache-2.0
// The data of a template: what Go's reflection gives text/template, as a closed set of values.
// Values are immutable and cheap to copy (lists and objects are shared), hence thread-safe to read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

class Value;
using List = std::vector<Value>;
using Method = std::function<StatusOr<Value>(std::span<const Value> args)>;

// A Go struct, map[string]T, or a type with methods. Fields of a struct print in their order; maps
// by sorted key. A method named String prints the value, as Go's fmt.Stringer does.
struct Object {
  enum class Kind { kStruct, kMap };
  using Method = tmpl::Method;
  Kind kind = Kind::kStruct;
  std::vector<std::pair<std::string, Value>> fields;
  // Methods by name (`.Alerts.Firing`, `.CommonLabels.SortedPairs`, `.Format "15:04"`).
  std::vector<std::pair<std::string, Method>> methods;
  std::string type;  // Go's name of the type for error texts; "" for a plain map or struct
  bool any_values =
      false;  // map[string]any: a missing key is nil; else map[string]string: it is ""
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
  std::string zone;  // abbreviation ("CET"); "": UTC at offset 0, else the number is printed
};
struct Duration {
  int64_t nanos = 0;
};
struct SafeHtml {
  std::string html;
};

class Value {
 public:
  using Data = std::variant<std::monostate, bool, int64_t, double, std::string,
                            std::shared_ptr<const List>, std::shared_ptr<const Object>,
                            std::shared_ptr<const MethodList>, Time, Duration, SafeHtml>;
  Value() = default;
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
  Value(List v);                                        // NOLINT(google-explicit-constructor)
  Value(Object v);                                      // NOLINT(google-explicit-constructor)
  Value(MethodList v);                                  // NOLINT(google-explicit-constructor)
  const Data& data() const { return data_; }

  bool IsNil() const { return std::holds_alternative<std::monostate>(data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const Object* AsObject() const;
  // The items of a List or MethodList, else nullptr.
  const List* AsList() const;
  const Method* FindMethod(std::string_view name) const;  // of an Object or MethodList

 private:
  Data data_;
};

// text/template's truth: false, 0, "", nil, an empty list or map are false; structs and times are
// true.
bool IsTrue(const Value& value);
// Go's name of the value's type, for error texts and %T: "string", "float64", "map[string]string".
std::string TypeName(const Value& value);

}  // namespace outrider::tmpl
