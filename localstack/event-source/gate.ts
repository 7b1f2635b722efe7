// A gate that many may wait at.
export class Gate {
  private opened = Promise.withResolvers<void>();
  isOpen = false;

  constructor(isOpen = false) {
    if (isOpen) this.open();
  }

  /** Resolves once the gate is open. */
  get passed(): Promise<void> {
    return this.isOpen ? Promise.resolve() : this.opened.promise;
  }

  open(): void {
    this.isOpen = true;
    this.opened.resolve();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.opened = Promise.withResolvers();
  }
}
