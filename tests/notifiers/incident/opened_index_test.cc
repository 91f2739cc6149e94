// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/opened_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/incident/audit_trail.h"
#include "storage/base/hash.h"
#include "storage/state/memory_store.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class OpenedIndex : public testing::Test {
 protected:
  void Happens(const std::string& subject, AuditKind kind, Nanos time, bool index = true) {
    AuditEvent event;
    event.subject = subject;
    event.kind = kind;
    event.time = time;
    ChainAuditEvent(&event, &heads_[BucketOf(subject)]);
    Batch batch;
    batch.Put(Family::kAudit, AuditKey(subject, event.sequence), EncodeAuditEvent(event));
    if (index) IndexAuditEvent(event, &batch);
    ASSERT_TRUE(store_.Commit(batch, Durability::kSynced).ok());
  }
  Status Complete() {
    Batch batch;
    const Status status = CompleteOpenedIndex(store_, &batch);
    return status.ok() ? store_.Commit(batch, Durability::kSynced) : status;
  }
  // "subject kind", in the order in which they come.
  std::vector<std::string> Read(Nanos from, Nanos to) {
    std::vector<std::string> events;
    status_ = ReadAuditOfOpened(store_, from, to, [&](const AuditEvent& event) {
      events.push_back(event.subject + " " + std::string(AuditKindText(event.kind)));
    });
    return events;
  }

  MemoryStore store_;
  std::map<uint8_t, AuditHead> heads_;
  Status status_;
};

TEST_F(OpenedIndex, HasThePeriodAndNothingElse) {
  ASSERT_TRUE(Complete().ok());
  Happens("a", AuditKind::kOpened, 10);
  Happens("silence:x", AuditKind::kSilenceSet, 15);
  Happens("b", AuditKind::kOpened, 20);
  Happens("a", AuditKind::kNote, 25);
  Happens("c", AuditKind::kOpened, 30);
  Happens("a", AuditKind::kStateChanged, 35);
  const struct {
    Nanos from;
    Nanos to;
    std::vector<std::string> events;
  } cases[] = {
      {0, 10, {}},
      {10, 11, {"a opened", "a note", "a state_changed"}},  // its events, whenever they were
      {11, 30, {"b opened"}},
      {20, 31, {"b opened", "c opened"}},
      {-5, 15, {"a opened", "a note", "a state_changed"}},
      {31, INT64_MAX, {}},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Read(one.from, one.to), one.events) << one.from << " to " << one.to;
    EXPECT_TRUE(status_.ok());
  }
}

// A trail of before there was an index.
TEST_F(OpenedIndex, IsMadeOfATrailThatHasNone) {
  Happens("a", AuditKind::kOpened, 10, /*index=*/false);
  Happens("b", AuditKind::kOpened, 20, /*index=*/false);
  EXPECT_THAT(Read(15, 30), UnorderedElementsAre("a opened", "b opened")) << "all there is";
  ASSERT_TRUE(Complete().ok());
  EXPECT_THAT(Read(15, 30), ElementsAre("b opened"));
  Happens("c", AuditKind::kOpened, 25);
  EXPECT_THAT(Read(15, 30), ElementsAre("b opened", "c opened"));
  Batch again;
  ASSERT_TRUE(CompleteOpenedIndex(store_, &again).ok());
  EXPECT_TRUE(again.empty()) << "it is read once";
}

// A row that cannot be read must not make a report smaller in silence.
TEST_F(OpenedIndex, WhatCannotBeReadIsSaid) {
  Happens("a", AuditKind::kOpened, 10, /*index=*/false);
  Happens("b", AuditKind::kOpened, 20, /*index=*/false);
  Batch broken;
  broken.Put(Family::kAudit, AuditKey("a", 1), "\xff");
  ASSERT_TRUE(store_.Commit(broken, Durability::kSynced).ok());
  ASSERT_TRUE(Complete().ok()) << "no reason not to start";
  Read(15, 30);
  EXPECT_TRUE(absl::IsDataLoss(status_)) << status_;
  EXPECT_THAT(std::string(status_.message()), testing::HasSubstr("\"a\""));
}

TEST_F(OpenedIndex, OfTheRowsOfOneSubject) {
  Happens("a", AuditKind::kOpened, 10);
  Happens("ab", AuditKind::kOpened, 10);
  std::vector<std::string> subjects;
  ASSERT_TRUE(ReadAuditSubject(store_, "a", [&](const AuditEvent& event) {
                subjects.push_back(event.subject);
              }).ok());
  EXPECT_THAT(subjects, ElementsAre("a"));
  subjects.clear();
  ASSERT_TRUE(ReadAuditSubject(store_, "none", [&](const AuditEvent& event) {
                subjects.push_back(event.subject);
              }).ok());
  EXPECT_THAT(subjects, IsEmpty());
}

}  // namespace
}  // namespace outrider
