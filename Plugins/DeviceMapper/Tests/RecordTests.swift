import Testing

@testable import DeviceMapperDriver

// The forms are those that dockerd 20.10 to 24 writes: Go's encoding/json, field by field.

@Test func deviceRecordIsDockers() {
    let text = #"{"device_id":1,"size":10737418240,"transaction_id":1,"initialized":true,"deleted":false}"#
    let record = DeviceRecord(deviceID: 1, size: 10 << 30, transaction: 1, isInitialized: true)
    #expect(DeviceRecord(json: Array(text.utf8)) == record)
    #expect(String(decoding: record.json, as: UTF8.self) == text)
}

@Test func deviceSetRecordIsDockers() {
    let uuid = "0b3bd5d1-91b2-4d62-8a3a-2d6b1d2f9b6f"
    let text = #"{"next_device_id":12,"BaseDeviceUUID":"\#(uuid)","BaseDeviceFilesystem":"xfs"}"#
    let record = SetRecord(nextDeviceID: 12, baseUUID: uuid, baseFileSystem: "xfs")
    #expect(SetRecord(json: Array(text.utf8)) == record)
    #expect(String(decoding: record.json, as: UTF8.self) == text)
}

@Test func transactionRecordIsDockers() {
    let text = #"{"open_transaction_id":7,"device_hash":"abc-init","device_id":6}"#
    let record = TransactionRecord(transaction: 7, device: "abc-init", deviceID: 6)
    #expect(TransactionRecord(json: Array(text.utf8)) == record)
    #expect(String(decoding: record.json, as: UTF8.self) == text)
}

@Test func namesAreQuotedAsGoDoes() {
    let record = TransactionRecord(transaction: 1, device: #"a"b\c<d>&"#, deviceID: 2)
    let text = String(decoding: record.json, as: UTF8.self)
    #expect(text.contains(#""device_hash":"a\"b\\c\u003cd\u003e\u0026""#))
    #expect(TransactionRecord(json: record.json) == record)
}

@Test func missingAndUnknownFieldsAreNoDamage() {
    let old = #"{"device_id":5,"size":1024,"something":[1]}"#
    #expect(DeviceRecord(json: Array(old.utf8)) == DeviceRecord(deviceID: 5, size: 1024))
    // Blanks behind the value are what an overwritten file ends in.
    #expect(TransactionRecord(json: Array(#"{"open_transaction_id":2,"device_id":1}   "#.utf8))?.transaction == 2)
    #expect(SetRecord(json: Array(#"{"next_device_id":3}"#.utf8)) == SetRecord(nextDeviceID: 3))
}

@Test(arguments: [
    "", "{", "null", "[]", #"{"size":1}"#, #"{"device_id":-1}"#, #"{"device_id":16777216}"#, "\u{0}\u{0}",
])
func damageIsNoRecord(_ text: String) {
    #expect(DeviceRecord(json: Array(text.utf8)) == nil)
    #expect(TransactionRecord(json: Array(text.utf8)) == nil)
}
