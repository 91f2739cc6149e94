// SPDX-License-Identifier: Apache-2.0
#include "storage/base/hash.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Hash, TheHasherOfManyTextsAgrees) {
  const Hasher128 hasher(77);
  std::string text;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(hasher(text), HashBytes128(text, 77)) << i;
    text += static_cast<char>('a' + i % 26);
  }
}

}  // namespace
}  // namespace outrider
