import Foundation
import Freshet
import FreshetBench
import FreshetLlama

/// The use that commands make of what `freshet tune` has measured.
enum ModelProfile {
    /// Sets a model up as its profile says, where there is one; what a person chose on the command line stands.
    ///
    /// A profile that cannot be used is passed over with a sentence. Under `--verbose` the person hears what was taken.
    static func apply(_ options: ModelOptions, to llama: inout LlamaOptions, console: Console) {
        guard options.usesProfile, let folder = ProfileFolder(environment: Composition.environment), !folder.isEmpty,
            // What is wrong with the model its loading tells.
            let file = try? GGUFFile(path: llama.modelPath), let adapters = try? file.checked(llama.load.adapters)
        else { return }
        let key = key(of: file.fingerprint(with: adapters))
        do throws(GenerationError) {
            guard let profile = try folder.profile(for: key) else {
                if options.isVerbose { console.note("profile: none for this model; “freshet tune” makes one") }
                return
            }
            profile.settings.apply(to: &llama, except: options.given)
            guard options.isVerbose else { return }
            let day = profile.date.formatted(.iso8601.year().month().day())
            let taken = profile.settings.arguments
            console.note(
                "profile of \(day): " + (taken.isEmpty ? "nothing was faster" : taken.joined(separator: " "))
                    + (options.given.isEmpty ? "" : "; options given on the command line stand"))
        } catch {
            console.note("The profile \(folder.file(for: key)) is not used: \(error.message)")
        }
    }

    /// What a profile of a model on this machine is found by.
    ///
    /// - Parameter fingerprint: the model's, with its adapters.
    static func key(of fingerprint: String) -> Profile.Key {
        let machine = Machine.current
        // Another version may compute in another way.
        return Profile.Key(
            processor: machine.processor, features: ProcessorFeatures.description + " FRESHET=\(Main.version)",
            processorCount: machine.processorCount, fingerprint: fingerprint)
    }
}
