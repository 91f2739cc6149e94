// SPDX-License-Identifier: Apache-2.0
#include "storage/window/small_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace outrider {
namespace {

TEST(SmallBlocks, PiecesKeepWhatWasWritten) {
  struct Piece {
    char* at;
    std::string text;
  };
  SeededRandom random(5);
  SmallBlocks blocks;
  std::vector<Piece> pieces;
  for (int i = 0; i < 20'000; ++i) {
    if (!pieces.empty() && random.Next() % 5 < 2) {
      std::swap(pieces[random.Next() % pieces.size()], pieces.back());
      ASSERT_EQ(std::string_view(pieces.back().at, pieces.back().text.size()), pieces.back().text);
      blocks.GiveBack(pieces.back().at, pieces.back().text.size());
      pieces.pop_back();
      continue;
    }
    const size_t size = random.Next() % 50 == 0 ? 400 + random.Next() % 300 : random.Next() % 70;
    std::string text(size, static_cast<char>('a' + i % 26));
    auto* const at = static_cast<char*>(blocks.Take(size));
    std::copy(text.begin(), text.end(), at);
    pieces.push_back({at, std::move(text)});
  }
  for (const Piece& piece : pieces) {
    ASSERT_EQ(std::string_view(piece.at, piece.text.size()), piece.text);
  }
}

TEST(SmallBlocks, WhatIsGivenBackIsUsedAgain) {
  SmallBlocks blocks;
  void* const first = blocks.Take(21);
  blocks.Take(21);
  blocks.GiveBack(first, 21);
  EXPECT_NE(blocks.Take(28), first);
  EXPECT_EQ(blocks.Take(23), first);  // 24 bytes too
}

}  // namespace
}  // namespace outrider
