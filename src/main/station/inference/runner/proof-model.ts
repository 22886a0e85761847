/** A model of one node (`y = x + x`, two floats), built by scripts/onnx/proof-model.ts: small enough to stand here. */
export const PROOF_MODEL_BASE64 =
  'CAgSB3dldHJlYWQaATEoATIAOmEKGQoBeAoBeBIFYWRkXzEaBWFkZF8xIgNBZGQKGwoFYWRkXzESAXkaBXlfb3V0IghJZGVudGl0eRIFcHJvb2ZaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgBEgQKAggCQgQKABAR';
