// SPDX-License-Identifier: Apache-2.0
// The rules of Go's httpproxy, looked up in its documentation and compared with a run of it.
#include "notifiers/transport/proxy_choice.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

struct Case {
  const char* url;
  const char* list;
  bool past;
};

class PastProxy : public testing::TestWithParam<Case> {};

TEST_P(PastProxy, AsGoHasIt) {
  const Case& c = GetParam();
  EXPECT_EQ(IsPastProxy(PlaceOf(c.url).value(), c.list), c.past) << c.url << " | " << c.list;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PastProxy,
    testing::Values(Case{"http://localhost:2000/x", "", true}, Case{"http://127.0.0.1/", "", true},
                    Case{"http://127.9.9.9:1/", "other", true},
                    Case{"http://[::1]:8080/", "", true}, Case{"http://example.org/", "", false},
                    Case{"http://example.org/", "*", true},
                    Case{"http://example.org/", "a, example.org ,b", true},
                    Case{"http://EXAMPLE.org/", "Example.ORG", true},
                    Case{"http://eu.example.org/", "example.org", true},
                    Case{"http://example.org/", ".example.org", false},
                    Case{"http://eu.example.org/", ".example.org", true},
                    Case{"http://example.org/", "*.example.org", false},
                    Case{"http://eu.example.org/", "*.example.org", true},
                    Case{"http://notexample.org/", "example.org", false},
                    Case{"http://example.org/", "example.org:80", true},
                    Case{"https://example.org/", "example.org:443", true},
                    Case{"http://example.org:81/", "example.org:80", false},
                    Case{"http://192.0.2.2:37167/", "192.0.2.2:37167", true},
                    Case{"http://192.0.2.2:1/", "192.0.2.2:37167", false},
                    Case{"http://192.0.2.2/", "192.0.2.2", true},
                    Case{"http://192.0.2.2/", "192.0.2.0/24", true},
                    Case{"http://192.0.3.2/", "192.0.2.0/24", false},
                    Case{"http://[2001:db8::2]:80/", "2001:db8::/32", true},
                    Case{"http://[2001:db8::2]:80/", "[2001:db8::2]:80", true},
                    Case{"http://[2001:db8::2]:81/", "[2001:db8::2]:80", false},
                    Case{"http://[2001:db8::2]/", "2001:db8::2", true},
                    Case{"http://example.org/", ",,", false}));

TEST(ProxyOf, AProxyAloneIsForEverything) {
  HttpClientRequest request;
  request.url = "http://localhost/";
  request.proxy_url = "http://p:3128";
  EXPECT_EQ(ProxyOf(request).value(), "http://p:3128");
  request.no_proxy = "elsewhere";
  EXPECT_EQ(ProxyOf(request).value(), "");
  request.url = "http://example.org/";
  EXPECT_EQ(ProxyOf(request).value(), "http://p:3128");
}

}  // namespace
}  // namespace outrider
