// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/redirect.h"

#include <gtest/gtest.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

HttpClientRequest First() {
  HttpClientRequest request;
  request.url = "https://example.org:8443/a";
  request.body = "{}";
  request.basic_user = "u";
  request.basic_password = "p";
  request.bearer_token = "t";
  request.headers = {
      {"Authorization", "GenieKey k"}, {"X-Own", "1"}, {"Content-Type", "text/plain"}};
  return request;
}

bool HasHeader(const HttpClientRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return true;
  }
  return false;
}

TEST(Redirect, CredentialsGoToTheHostAndBelow) {
  struct Case {
    const char* url;
    bool credentials;
  };
  for (const Case& c :
       {Case{"http://example.org/b", true}, Case{"https://EXAMPLE.org:1/", true},
        Case{"https://eu.example.org/", true}, Case{"https://notexample.org/", false},
        Case{"https://org/", false}, Case{"https://example.org.evil.net/", false}}) {
    SCOPED_TRACE(c.url);
    const HttpClientRequest next = Redirected(First(), First(), 307, c.url).value();
    EXPECT_EQ(HasHeader(next, "Authorization"), c.credentials);
    EXPECT_EQ(next.basic_user == "u" && next.basic_password == "p", c.credentials);
    EXPECT_EQ(next.bearer_token, c.credentials ? "t" : "");
    EXPECT_TRUE(HasHeader(next, "X-Own"));
    EXPECT_EQ(next.url, c.url);
  }
}

TEST(Redirect, WhatWasLeftOutStaysOut) {
  const HttpClientRequest away = Redirected(First(), First(), 307, "https://b.net/").value();
  const HttpClientRequest back = Redirected(First(), away, 307, First().url).value();
  EXPECT_EQ(back.basic_password, "");
  EXPECT_FALSE(HasHeader(back, "Authorization"));
}

TEST(Redirect, TheMethodByTheStatus) {
  for (const int status : {301, 302, 303, 307, 308}) {
    SCOPED_TRACE(status);
    ASSERT_TRUE(IsRedirect(status));
    const HttpClientRequest next =
        Redirected(First(), First(), status, "https://example.org/b").value();
    const bool same = status >= 307;
    EXPECT_EQ(next.method, same ? "POST" : "GET");
    EXPECT_EQ(next.body, same ? "{}" : "");
    EXPECT_EQ(HasHeader(next, "Content-Type"), same);
  }
  for (const int status : {200, 300, 304, 305, 400}) EXPECT_FALSE(IsRedirect(status)) << status;
}

}  // namespace
}  // namespace outrider
