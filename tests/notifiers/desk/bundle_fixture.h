// SPDX-License-Identifier: Apache-2.0
// AnswersTest with incidents of which three are told alone, and the others in one message.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>

#include "notifiers/config/paging_config.h"
#include "tests/notifiers/desk/answers_fixture.h"

namespace outrider {

class BundleAnswersTest : public AnswersTest {
 protected:
  BundleAnswersTest() {
    more_ = [](DeskConfig& config) {
      config.incidents.escalation_policies[0].severities.clear();
      PagingConfig people;
      people.limits.clear();
      people.provider = {1000, kSecond};
      config.incidents.people = std::make_shared<const PagingConfig>(people);
    };
    EXPECT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  }

  // As if nothing had happened.
  void Fresh() {
    dispatcher_.reset();
    desk_.reset();
    inbox_.clear();
    disk_ = std::make_unique<MemoryStore>();
    Start(*disk_);
  }
  // Incidents H0 to H7; the message of five of them was sent by each of anna's contact methods.
  void Bundle() {
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(Fire(MakeAlert(fmt::format("H{}", i).c_str(), "high")).ok());
      Run(1);
    }
    Run(130);
    ASSERT_EQ(Last("user:anna/email").title, "5 incidents");
    ASSERT_EQ(Last("user:anna/twilio_sms").title, "5 incidents");
  }
  std::string IdOf(const std::string& title) {
    for (const auto& incident : desk_->Incidents({}).incidents) {
      if (incident->title == title) return incident->id;
    }
    ADD_FAILURE() << "no incident " << title;
    return "";
  }
  // "new new new acknowledged …" of H0 to H7.
  std::string States() {
    std::string out;
    for (int i = 0; i < 8; ++i) {
      out += (out.empty() ? "" : " ") + State(IdOf(fmt::format("H{}", i)));
    }
    return out;
  }
  size_t PagesOfBen() { return inbox_["user:ben/twilio_sms"].got.size(); }
};

}  // namespace outrider
