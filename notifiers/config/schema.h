// SPDX-License-Identifier: Apache-2.0
// A one-line grammar for the sections whose values this room only checks and masks, so that every
// key of every integration is known without a parser of its own. Keys are separated by blanks; a
// suffix tells the type:
//     name      any scalar              name:b  boolean        name:i  integer
//     name:d    Prometheus duration     name:g  Go duration    name:u  http(s) URL
//     name:s    secret scalar           name:S  secret URL     name:l  list of scalars
//     name:m    map of scalars          name:x  anything, all of it secret
//     name:*    anything                name:H  http_config    name:T  tls_config
//     name:W    URL text whose path is secret (host and scheme are shown, so that old Alertmanagers
//     load it) name:P    host:port or empty      name:R  URL that may hold a password (proxy_url)
//     name{…}   map with these keys     name[…] list of such maps     name<…> map of any name to
//     such maps
// Everywhere, a key X beside X_file may not be set together with it.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Checks keys and scalar types of `node` (a map or null); errors name file:line:column. `type` is
// the name used in `field X not found in type …`.
Status CheckSchema(const YamlNode& node, std::string_view schema, const std::string& file,
                   const std::string& type);
// A copy of `node` with every secret replaced by `<secret>`. The node has passed CheckSchema.
YamlNode MaskSchema(const YamlNode& node, std::string_view schema);

// An absolute http or https URL with a host.
Status CheckHttpUrl(const std::string& text);
// What Go's url.Parse finds wrong with a text, in its words.
Status CheckGoUrl(const std::string& text);

// The value a key has for a human: a non-empty scalar, or a non-null map or list.
bool IsSet(const YamlNode& map, std::string_view key);

inline constexpr std::string_view kSecretText = "<secret>";

}  // namespace outrider
