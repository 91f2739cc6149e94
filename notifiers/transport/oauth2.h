// SPDX-License-Identifier: Apache-2.0
// OAuth2 for requests that carry OAuth2Settings: a token of the client credentials grant (RFC 6749
// §4.4) or of the JWT bearer grant (RFC 7523 §2.1) is fetched once, kept until shortly before it
// ends and shared by all requests with the same settings; an answer 401 fetches a new one, once.
// Source: specs/alertmanager.md §1 "http_config".
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "notifiers/transport/http_client.h"
#include "storage/base/clock.h"

namespace outrider {

struct OAuth2Settings {
  std::string client_id;
  std::string client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  // The JWT bearer grant, in place of the secret: an assertion signed with this RSA key (PEM).
  std::string private_key;
  std::string key_id;
  std::string algorithm = "RS256";  // RS256, RS384, RS512
  std::string issuer;               // "": client_id
  std::string audience;             // "": token_url
  std::string claims = "{}";        // a JSON object, merged over the others
  // TLS and proxy of the token's request; its other fields are not used.
  HttpClientRequest transport;
};

// Calls go through `inner`; thread-safe as it is. A token that cannot be had is Unavailable: the
// message waits. `clock` outlives the client.
std::unique_ptr<HttpClient> MakeOAuth2HttpClient(std::unique_ptr<HttpClient> inner,
                                                 const Clock& clock);

}  // namespace outrider
