import FoundationEssentials
package import Linux
import OCI

extension RemoteRepository {
    private struct Page: Decodable {
        var tags: [String]?
    }

    private static let mostTags = 100_000

    /// All tags of the repository, sorted; as `distribution-spec/spec.md` has it, page by page.
    ///
    /// What is no tag is `RegistryError.malformed`, and so is a list that does not end.
    package func tags(_ cancellation: Cancellation) throws -> [String] {
        var found: Set<String> = []
        var next: String? = "tags/list?n=1000"
        while let path = next {
            let answer = try sendAgain(HTTPRequest("GET", ""), path, cancellation)
            if answer.status == 404 {
                let reason = "repository \(reference.familiarName) not found: \(RegistryFault.text(answer))"
                throw RegistryError.notFound(name: reference.familiarName, reason: reason)
            }
            guard answer.status == 200, let page = try? JSONDecoder().decode(Page.self, from: Data(answer.body)) else {
                throw malformed("the registry answered \(answer.status), and no list of tags")
            }
            let before = found.count
            for tag in page.tags ?? [] { found.insert(try checked(tag)) }
            next = Self.following(answer.headers["link"])
            if next != nil, found.count == before || found.count > Self.mostTags {
                throw malformed("the registry's list of tags does not end")
            }
        }
        return found.sorted()
    }

    private func checked(_ tag: String) throws -> String {
        guard let named = try? Reference("\(reference.name):\(tag)"), named.tag == tag, named.digest == nil else {
            throw malformed("the registry's list of tags has \"\(tag.prefix(200))\", which is none")
        }
        return tag
    }

    /// Where the next page is: `</v2/NAME/tags/list?n=…&last=…>; rel="next"`. Only the question is taken from what the
    /// server says, so that it can send nobody elsewhere.
    static func following(_ link: String?) -> String? {
        guard let link, link.contains("rel=\"next\"") || link.contains("rel=next"),
            let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">"),
            let question = link[start..<end].firstIndex(of: "?")
        else { return nil }
        return "tags/list" + link[question..<end]
    }

    private func malformed(_ reason: String) -> RegistryError {
        .malformed(url: reference.familiarName, reason: reason)
    }
}
