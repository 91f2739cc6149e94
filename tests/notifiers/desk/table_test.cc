// SPDX-License-Identifier: Apache-2.0
// Numbers that rows take without a copy: what the transaction sees of them, and what is applied.
#include "notifiers/desk/table.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "storage/base/number_set.h"

namespace outrider {
namespace {

struct Numbers {
  NumberSet all;
  int edits = 0;
  struct Addition {
    uint64_t number = 0;
  };
  void Add(const Addition& more) { all.insert(more.number); }
};
using Rows = HashTable<std::string, Numbers>;
using Edit = TableEdit<std::string, Numbers, Rows>;

TEST(TableEdit, AnAdditionIsSeenByWhoLooksAgain) {
  struct Case {
    const char* name;
    std::function<void(Edit&)> then;
    const char* row;  // afterwards: its numbers and edits; "" : none
    const char* kind;
  };
  for (const auto& [name, then, row, kind] : {
           Case{"nobody looks", [](Edit&) {}, "1 0", "addition"},
           Case{"of another row", [](Edit& edit) { edit.Find("b"); }, "1 0", "addition"},
           Case{"found", [](Edit& edit) { edit.Find("a"); }, "1 7 0", "soft"},
           Case{"edited", [](Edit& edit) { edit.Edit("a").edits = 2; }, "1 7 2", "written"},
           Case{"edited softly", [](Edit& edit) { edit.EditSoftly("a").edits = 3; }, "1 7 3",
                "soft"},
           Case{"a second one", [](Edit& edit) { edit.AddSoftly("a", {9}); }, "1 7 9 0", "soft"},
           Case{"put", [](Edit& edit) { edit.Put("a", {}).edits = 4; }, "4", "written"},
           Case{"taken and put", [](Edit& edit) { edit.Put("a", edit.Take("a")); }, "1 7 0",
                "written"},
           Case{"erased", [](Edit& edit) { edit.Erase("a"); }, "", "written"},
       }) {
    const Rows rows = {{"a", std::make_shared<Numbers>(Numbers{{1}, 0})},
                       {"b", std::make_shared<Numbers>()}};
    Edit edit(rows);
    edit.AddSoftly("a", {7});
    then(edit);
    const bool added = edit.changes().empty() && !edit.empty();
    EXPECT_EQ(added, std::string(kind) == "addition") << name;
    if (!added) {
      EXPECT_EQ(edit.changes().front().second.soft, std::string(kind) == "soft") << name;
    }
    const Numbers* seen = added ? edit.Before("a") : edit.Find("a");
    std::string text;
    for (const uint64_t number : seen == nullptr ? NumberSet() : seen->all) {
      text += std::to_string(number) + " ";
    }
    if (seen != nullptr) text += std::to_string(seen->edits);
    EXPECT_EQ(text, row) << name;
    EXPECT_EQ(rows.at("a")->all, NumberSet({1})) << name;
  }
}

TEST(TableEdit, ARowThatSomebodyReadsIsCopied) {
  Rows rows = {{"a", std::make_shared<Numbers>()}};
  const auto add = [&](uint64_t number) {
    Edit edit(rows);
    edit.AddSoftly("a", {number});
    edit.ApplyAdditions([&](std::shared_ptr<const Numbers> row) { rows.at("a") = std::move(row); });
  };
  const Numbers* row = rows.at("a").get();
  add(1);
  EXPECT_EQ(rows.at("a").get(), row);
  const std::shared_ptr<const Numbers> reader = rows.at("a");
  add(2);
  EXPECT_EQ(reader->all, NumberSet({1}));
  EXPECT_EQ(rows.at("a")->all, NumberSet({1, 2}));
}

}  // namespace
}  // namespace outrider
