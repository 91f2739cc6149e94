// SPDX-License-Identifier: Apache-2.0
// Who a series is: a 128-bit hash of its label set, combined from a hash per string. So the label
// bytes of remote write 1.0 and the symbols of 2.0 meet in the same identity, and no order has to
// be established first. Seeded: whoever does not know the seed cannot make two label sets collide.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

// Adds up labels in any order. Each name once and no empty value, or it is no label set.
class IdentityBuilder {
 public:
  explicit IdentityBuilder(uint64_t seed) : seed_(seed) {}
  static uint64_t HashOf(std::string_view text, uint64_t seed) { return Hash64(text, seed); }

  // What one label adds: two independent mixes of the hashes of its name and its value, by HashOf()
  // with the same seed.
  static Hash128 PartOf(uint64_t name, uint64_t value, uint64_t seed) {
    return {Mix(name + std::rotl(value, 32), seed ^ 0x9e3779b97f4a7c15ULL ^ value),
            Mix(value + std::rotl(name, 17), seed ^ 0xc2b2ae3d27d4eb4fULL ^ name)};
  }
  void Add(uint64_t name, uint64_t value) { AddPart(PartOf(name, value, seed_)); }
  // Addition forgets the order, and seeded mixes that nobody can compute outside leave no way to
  // choose summands that cancel.
  void AddPart(const Hash128& part) {
    low_ += part.low;
    high_ += part.high;
    ++count_;
  }
  Hash128 Build() const {
    return {Mix(low_ ^ count_, seed_ + 0x165667b19e3779f9ULL), Mix(high_, low_)};
  }

 private:
  static uint64_t Mix(uint64_t a, uint64_t b) {
    uint64_t x = a ^ (b * 0xff51afd7ed558ccdULL);
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    x = (x ^ (x >> 29)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 32) ^ std::rotl(b, 23);
  }

  uint64_t seed_;
  uint64_t low_ = 0;
  uint64_t high_ = 0;
  uint64_t count_ = 0;
};

// IdentityOf() for label sets of which neighbours share labels: what both have at the same place is
// hashed once.
class IdentityHasher {
 public:
  explicit IdentityHasher(uint64_t seed) : seed_(seed) {}
  // The labels must live as long as this.
  Hash128 operator()(std::span<const LabelView> labels) {
    IdentityBuilder builder(seed_);
    if (before_.size() < labels.size()) {
      const uint64_t empty = HashOf({});
      before_.resize(labels.size(), {.label = {}, .name = empty, .value = empty});
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      Hashed& one = before_[i];
      if (one.label.name != labels[i].name) one.name = HashOf(labels[i].name);
      if (one.label.value != labels[i].value) one.value = HashOf(labels[i].value);
      one.label = labels[i];
      builder.Add(one.name, one.value);
    }
    return builder.Build();
  }

 private:
  struct Hashed {
    LabelView label;
    uint64_t name;
    uint64_t value;
  };
  uint64_t HashOf(std::string_view text) const { return IdentityBuilder::HashOf(text, seed_); }

  uint64_t seed_;
  std::vector<Hashed> before_;
};

inline Hash128 IdentityOf(std::span<const LabelView> labels, uint64_t seed) {
  IdentityBuilder builder(seed);
  for (const LabelView& label : labels) {
    builder.Add(IdentityBuilder::HashOf(label.name, seed),
                IdentityBuilder::HashOf(label.value, seed));
  }
  return builder.Build();
}

}  // namespace outrider
