/** A canvas whose pixels are written straight into memory, one 32-bit value each; painters build on it. */
export class PixelCanvas {
  protected pixels: Uint32Array;
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d")!;
  private image = new ImageData(1, 1);

  constructor() {
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Give the canvas a size in pixels, all of them clear. */
  protected resize(width: number, height: number): void {
    if (this.canvas.width === width && this.canvas.height === height) {
      this.pixels.fill(0);
      return;
    }
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Show what was written, and give the picture. */
  protected show(): HTMLCanvasElement {
    this.context.putImageData(this.image, 0, 0);
    return this.canvas;
  }
}
