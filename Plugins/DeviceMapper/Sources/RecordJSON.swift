// The records as JSON, byte for byte as Go writes them: no blanks, keys in this order, no newline at the end.

import FoundationEssentials

extension DeviceRecord {
    private struct Keys: Decodable {
        var device_id: UInt32
        var size: UInt64?
        var transaction_id: UInt64?
        var initialized: Bool?
        var deleted: Bool?
    }

    /// Nil where it is no such record.
    init?(json: [UInt8]) {
        guard let keys = decoded(Keys.self, from: json), keys.device_id <= Self.largestID else { return nil }
        self.init(
            deviceID: keys.device_id,
            size: keys.size ?? 0,
            transaction: keys.transaction_id ?? 0,
            isInitialized: keys.initialized ?? false,
            isDeleted: keys.deleted ?? false
        )
    }

    var json: [UInt8] {
        Array(
            (#"{"device_id":\#(deviceID),"size":\#(size),"transaction_id":\#(transaction),"#
                + #""initialized":\#(isInitialized),"deleted":\#(isDeleted)}"#).utf8
        )
    }
}

extension SetRecord {
    private struct Keys: Decodable {
        var next_device_id: UInt32?
        var BaseDeviceUUID: String?
        var BaseDeviceFilesystem: String?
    }

    init?(json: [UInt8]) {
        guard let keys = decoded(Keys.self, from: json) else { return nil }
        self.init(
            nextDeviceID: (keys.next_device_id ?? 0) & DeviceRecord.largestID,
            baseUUID: keys.BaseDeviceUUID ?? "",
            baseFileSystem: keys.BaseDeviceFilesystem ?? ""
        )
    }

    var json: [UInt8] {
        Array(
            (#"{"next_device_id":\#(nextDeviceID),"BaseDeviceUUID":\#(quoted(baseUUID)),"#
                + #""BaseDeviceFilesystem":\#(quoted(baseFileSystem))}"#).utf8
        )
    }
}

extension TransactionRecord {
    private struct Keys: Decodable {
        var open_transaction_id: UInt64
        var device_hash: String?
        var device_id: UInt32
    }

    init?(json: [UInt8]) {
        guard let keys = decoded(Keys.self, from: json), keys.device_id <= DeviceRecord.largestID else { return nil }
        self.init(transaction: keys.open_transaction_id, device: keys.device_hash ?? "", deviceID: keys.device_id)
    }

    var json: [UInt8] {
        Array(
            (#"{"open_transaction_id":\#(transaction),"device_hash":\#(quoted(device)),"#
                + #""device_id":\#(deviceID)}"#).utf8
        )
    }
}

/// A value of a file's JSON; nil where it is none.
func decoded<T: Decodable>(_ type: T.Type, from json: [UInt8]) -> T? {
    try? JSONDecoder().decode(type, from: Data(json))
}

/// A string of printable ASCII, as `encoding/json` writes it.
func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
        switch character {
        case "\"", "\\": result += "\\\(character)"
        case "<", ">", "&":
            result += "\\u00\(String(character.value, radix: 16))"
        default: result.unicodeScalars.append(character)
        }
    }
    return result + "\""
}
