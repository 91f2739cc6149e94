// SPDX-License-Identifier: Apache-2.0
// The data of a template: what Go's reflection gives text/template, as a closed set of values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

class Value;
using List = std::vector<Value>;
// A Go struct, map[string]T, or a type with methods. Fields of a struct print in their order; maps by sorted key.
struct Object {
  enum class Kind { kStruct, kMap };
  Kind kind = Kind::kStruct;
  std::vector<std::pair<std::string, Value>> fields;
  // Methods by name (`.Alerts.Firing`, `.CommonLabels.SortedPairs`, `.Format "15:04"`).
  using Method = std::function<StatusOr<Value>(std::span<const Value> args)>;
  std::vector<std::pair<std::string, Method>> methods;
  const Value* Find(std::string_view key) const;
  const Method* FindMethod(std::string_view name) const;
};
// A list with methods ([]Alert with .Firing and .Resolved, Strings with .Join).
struct MethodList {
  List items;
  std::vector<std::pair<std::string, Object::Method>> methods;
};
struct Time {
  Nanos nanos = 0;  // 0: Go's zero time
  int offset_seconds = 0;
};
struct Duration {
  int64_t nanos = 0;
};
struct SafeHtml {
  std::string html;
};

// Immutable and cheap to copy (lists and objects are shared).
class Value {
 public:
  using Data = std::variant<std::monostate, bool, int64_t, double, std::string, std::shared_ptr<const List>,
                            std::shared_ptr<const Object>, std::shared_ptr<const MethodList>, Time, Duration, SafeHtml>;
  Value() = default;
  Value(bool v) : data_(v) {}                      // NOLINT(google-explicit-constructor)
  Value(int v) : data_(int64_t{v}) {}              // NOLINT(google-explicit-constructor)
  Value(int64_t v) : data_(v) {}                   // NOLINT(google-explicit-constructor)
  Value(double v) : data_(v) {}                    // NOLINT(google-explicit-constructor)
  Value(std::string v) : data_(std::move(v)) {}    // NOLINT(google-explicit-constructor)
  Value(const char* v) : data_(std::string(v)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view v) : data_(std::string(v)) {}  // NOLINT(google-explicit-constructor)
  Value(Time v) : data_(v) {}                      // NOLINT(google-explicit-constructor)
  Value(Duration v) : data_(v) {}                  // NOLINT(google-explicit-constructor)
  Value(SafeHtml v) : data_(std::move(v)) {}       // NOLINT(google-explicit-constructor)
  Value(List v);                                   // NOLINT(google-explicit-constructor)
  Value(Object v);                                 // NOLINT(google-explicit-constructor)
  Value(MethodList v);                             // NOLINT(google-explicit-constructor)
  const Data& data() const { return data_; }

 private:
  Data data_;
};

}  // namespace outrider::tmpl
