// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct ContactsWorld : DeskWorld {
  ContactsWorld() {
    DeskConfig config = *desk->config();
    std::vector<Receiver> receivers(1);
    receivers[0].name = "user:anna";
    receivers[0].integrations.resize(1);
    receivers[0].integrations[0].kind = "email";
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
  std::string Code() const {
    const std::string title = desk->Outbox().at(0).title;
    return title.substr(title.rfind(' ') + 1);
  }
};

constexpr const char* kContact = "/outrider/v1/users/anna/contacts/email[0]/verify/";

TEST(ContactsApi, ACodeGoesThereAndComesBack) {
  ContactsWorld world;
  EXPECT_EQ(
      WholeBody(world.Get("/outrider/v1/users/anna/contacts")),
      R"({"user":"anna","contacts":[{"method":"email[0]","verified_at":null,"usable":true}]})");
  EXPECT_EQ(world.Post(std::string(kContact) + "start", "").status, 202);
  EXPECT_EQ(world.Post(std::string(kContact) + "start", "").status, 409);
  EXPECT_EQ(world.Post(std::string(kContact) + "confirm", R"({"code":"1"})").status, 400);
  EXPECT_EQ(
      world.Post(std::string(kContact) + "confirm", R"({"code":")" + world.Code() + R"("})").status,
      200);
  EXPECT_THAT(WholeBody(world.Get("/outrider/v1/users/anna/contacts")),
              HasSubstr(R"("verified_at":"2026-11-21T09:24:07.000Z")"));
}

TEST(ContactsApi, Refuses) {
  ContactsWorld world;
  EXPECT_EQ(world.Get("/outrider/v1/users/ben/contacts").status, 404);
  EXPECT_EQ(world.Post("/outrider/v1/users/anna/contacts/sms/verify/start", "").status, 404);
  const std::pair<const char*, int> bad[] = {{"", 400},
                                             {"[]", 400},
                                             {R"({"code":1})", 400},
                                             {R"({"cod":"1"})", 400},
                                             {R"({"code":" "})", 400},
                                             {R"({"code":"1"})", 404}};
  for (const auto& [body, status] : bad) {
    EXPECT_EQ(world.Post(std::string(kContact) + "confirm", body).status, status) << body;
  }
}

}  // namespace
}  // namespace outrider
