// SPDX-License-Identifier: Apache-2.0
// Objects of the directory as JSON.
#pragma once

#include "notifiers/desk/directory.h"
#include "storage/base/json.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// A tree as JSON: plain scalars that read as numbers or booleans are those, all others texts.
void WriteTree(const YamlNode& node, JsonWriter* json);
// A user as admins see them: secrets of their contacts replaced by `<secret>`.
YamlNode MaskContacts(const YamlNode& user);
// … and as everybody does: name, time zone, and the kinds of their contacts.
YamlNode PublicUser(const YamlNode& user);

}  // namespace outrider
